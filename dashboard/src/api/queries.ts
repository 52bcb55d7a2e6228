import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "./client";

/** Keys of what more than one page asks for. A feature's own queries have their keys in the feature. */
export const sharedKeys = {
  all: ["shared"] as const,
  summary: () => [...sharedKeys.all, "summary"] as const,
  health: () => [...sharedKeys.all, "health"] as const,
  throughput: (minutes: number) => [...sharedKeys.all, "throughput", minutes] as const,
};

export function summaryQuery() {
  return queryOptions({
    queryKey: sharedKeys.summary(),
    queryFn: ({ signal }) => dataOf(api.GET("/admin/overview", { signal })),
  });
}

export function healthQuery() {
  return queryOptions({
    queryKey: sharedKeys.health(),
    queryFn: ({ signal }) => dataOf(api.GET("/admin/health", { signal })),
  });
}

/** Stored, duplicate and dead events in each bucket of the last `minutes`. */
export function throughputQuery(minutes: number) {
  return queryOptions({
    queryKey: sharedKeys.throughput(minutes),
    queryFn: ({ signal }) => dataOf(api.GET("/admin/series", { params: { query: { minutes } }, signal })),
    placeholderData: keepPreviousData,
  });
}
