import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import { readDlqPage } from "@/domain/responses";
import type { DlqFilters } from "./filters";

const PAGE_SIZE = 50;

/** The filters that decide what is in the list. */
export type Shown = Pick<DlqFilters, "code" | "tenant">;

export const dlqKeys = {
  all: ["dlq"] as const,
  list: (shown: Shown) => [...dlqKeys.all, "list", shown] as const,
  newest: (shown: Shown) => [...dlqKeys.all, "newest", shown] as const,
};

export function shownBy({ code, tenant }: DlqFilters): Shown {
  return { ...(code && { code }), ...(tenant && { tenant }) };
}

/** Dead letters, newest first; each further page starts where the one before ended. */
export function dlqQuery(shown: Shown) {
  return infiniteQueryOptions({
    queryKey: dlqKeys.list(shown),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      pageOf({ ...shown, limit: PAGE_SIZE, ...(pageParam && { before: pageParam }) }, signal),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** How many there are, and which came last; null without any. */
export type Newest = { total: number; id: string | null };

export function newestQuery(shown: Shown) {
  return queryOptions<Newest>({
    queryKey: dlqKeys.newest(shown),
    queryFn: async ({ signal }) => {
      const { total, deadLetters } = await pageOf({ ...shown, limit: 1 }, signal);
      return { total, id: deadLetters[0]?.id ?? null };
    },
  });
}

async function pageOf(query: Shown & { limit: number; before?: string }, signal: AbortSignal) {
  const asked = api.GET("/admin/dlq/sample", { params: { query }, signal, parseAs: "text" });
  return readDlqPage(await dataOf(asked));
}
