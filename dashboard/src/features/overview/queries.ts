import { queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";

export const overviewKeys = {
  all: ["overview"] as const,
  topEventTypes: (sinceMinutes: number) => [...overviewKeys.all, "top event types", sinceMinutes] as const,
};

export function topEventTypesQuery(sinceMinutes: number) {
  return queryOptions({
    queryKey: overviewKeys.topEventTypes(sinceMinutes),
    queryFn: ({ signal }) =>
      dataOf(api.GET("/admin/top-event-types", { params: { query: { sinceMinutes } }, signal })),
  });
}
