import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import { parseDlqPage } from "@/domain/deadLetter";
import type { DlqFilters } from "./filters";

const PAGE_SIZE = 50;

/** The filters that the API applies to the list. */
export type ListFilter = Pick<DlqFilters, "code" | "tenant">;

export const dlqKeys = {
  all: ["dlq"] as const,
  list: (filter: ListFilter) => [...dlqKeys.all, "list", filter] as const,
  newest: (filter: ListFilter) => [...dlqKeys.all, "newest", filter] as const,
};

export function listFilterOf({ code, tenant }: DlqFilters): ListFilter {
  return { ...(code && { code }), ...(tenant && { tenant }) };
}

/** Pages of dead letters, newest first; each page starts where the one before ended. */
export function dlqQuery(filter: ListFilter) {
  return infiniteQueryOptions({
    queryKey: dlqKeys.list(filter),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      fetchPage({ ...filter, limit: PAGE_SIZE, ...(pageParam && { before: pageParam }) }, signal),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** How many dead letters there are, and the id of the newest; null if there is none. */
export type NewestDeadLetter = { total: number; id: string | null };

export function newestQuery(filter: ListFilter) {
  return queryOptions<NewestDeadLetter>({
    queryKey: dlqKeys.newest(filter),
    queryFn: async ({ signal }) => {
      const { total, deadLetters } = await fetchPage({ ...filter, limit: 1 }, signal);
      return { total, id: deadLetters[0]?.id ?? null };
    },
  });
}

async function fetchPage(query: ListFilter & { limit: number; before?: string }, signal: AbortSignal) {
  const body = await dataOf(api.GET("/admin/dlq/sample", { params: { query }, signal, parseAs: "text" }));
  return parseDlqPage(body);
}
