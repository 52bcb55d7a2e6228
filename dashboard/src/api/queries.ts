import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "./client";

/** Query keys of data that several pages share. A query of a single page has its key in that feature. */
export const sharedKeys = {
  all: ["shared"] as const,
  overview: () => [...sharedKeys.all, "overview"] as const,
  health: () => [...sharedKeys.all, "health"] as const,
  throughput: (minutes: number) => [...sharedKeys.all, "throughput", minutes] as const,
};

export function overviewQuery() {
  return queryOptions({
    queryKey: sharedKeys.overview(),
    queryFn: ({ signal }) => dataOf(api.GET("/admin/overview", { signal })),
  });
}

export function healthQuery() {
  return queryOptions({
    queryKey: sharedKeys.health(),
    queryFn: ({ signal }) => dataOf(api.GET("/admin/health", { signal })),
  });
}

/** Stored, duplicate and dead events per bucket, over the last `minutes`. */
export function throughputQuery(minutes: number) {
  return queryOptions({
    queryKey: sharedKeys.throughput(minutes),
    queryFn: ({ signal }) => dataOf(api.GET("/admin/series", { params: { query: { minutes } }, signal })),
    placeholderData: keepPreviousData,
  });
}
