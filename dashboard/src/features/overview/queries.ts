import { queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";

export const overviewKeys = {
  all: ["overview"] as const,
  topTypes: (sinceMinutes: number) => [...overviewKeys.all, "top types", sinceMinutes] as const,
};

export function topTypesQuery(sinceMinutes: number) {
  return queryOptions({
    queryKey: overviewKeys.topTypes(sinceMinutes),
    queryFn: ({ signal }) =>
      dataOf(api.GET("/admin/top-event-types", { params: { query: { sinceMinutes } }, signal })),
  });
}
