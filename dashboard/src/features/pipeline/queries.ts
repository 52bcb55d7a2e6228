import { queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import type { Lag } from "@/api/types";
import { appended, type LagSample, sampleOf } from "./lagHistory";

export const pipelineKeys = {
  all: ["pipeline"] as const,
  lag: () => [...pipelineKeys.all, "lag"] as const,
};

export type LagHistory = { lag: Lag; history: readonly LagSample[] };

/** The consumer's lag, and what earlier answers said: trends and the chart come from those. */
export function lagQuery() {
  return queryOptions<LagHistory>({
    queryKey: pipelineKeys.lag(),
    queryFn: async ({ signal, client }) => {
      const lag = await dataOf(api.GET("/admin/kafka/lag", { signal }));
      const before = client.getQueryData<LagHistory>(pipelineKeys.lag());
      return { lag, history: appended(before?.history ?? [], sampleOf(lag)) };
    },
  });
}
