import { queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import type { Lag } from "@/api/types";
import { appendSample, type LagSample, sampleOf } from "./lagHistory";

export const pipelineKeys = {
  all: ["pipeline"] as const,
  lag: () => [...pipelineKeys.all, "lag"] as const,
};

export type LagWithHistory = { lag: Lag; history: readonly LagSample[] };

/** The current lag with the samples of earlier polls, from which rates, trends and the chart are computed. */
export function lagQuery() {
  return queryOptions<LagWithHistory>({
    queryKey: pipelineKeys.lag(),
    queryFn: async ({ signal, client }) => {
      const lag = await dataOf(api.GET("/admin/kafka/lag", { signal }));
      const previous = client.getQueryData<LagWithHistory>(pipelineKeys.lag());
      return { lag, history: appendSample(previous?.history ?? [], sampleOf(lag)) };
    },
  });
}
