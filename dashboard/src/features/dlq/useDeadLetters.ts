import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect } from "react";
import type { Freshness } from "@/domain/freshness";
import type { DlqPage } from "@/domain/responses";
import { useLiveQuery } from "@/lib/hooks/autoRefresh";
import type { DlqFilters } from "./filters";
import { dlqKeys, dlqQuery, type Newest, newestQuery, shownBy } from "./queries";

export type DeadLetterList = {
  query: UseInfiniteQueryResult<InfiniteData<DlqPage>>;
  freshness: Freshness;
  /** Others came, or some went, while these are read. */
  hasNewer: boolean;
  showNewest: () => void;
};

/**
 * The list, kept fresh by asking for its newest entry only: a page of dead letters may be megabytes. While one is
 * unfolded or older pages are shown, newer ones are announced and not put in: lines must not move under the reader.
 */
export function useDeadLetters(filters: DlqFilters): DeadLetterList {
  const shown = shownBy(filters);
  const client = useQueryClient();
  const query = useInfiniteQuery({ ...dlqQuery(shown), refetchOnWindowFocus: false });
  const newest = useLiveQuery(newestQuery(shown));
  // An answer from before the list came says nothing about it: taken for news it would have the list asked for in a loop.
  const isBehind = newest.dataUpdatedAt > query.dataUpdatedAt && differs(newest.data, query.data);
  const isRead = filters.open !== undefined || (query.data?.pages.length ?? 0) > 1;
  const { refetch, isFetching } = query;
  useEffect(() => {
    if (isBehind && !isRead && !isFetching) void refetch();
  }, [isBehind, isRead, isFetching, refetch]);
  return {
    query,
    freshness: {
      data: query.data,
      error: query.error ?? newest.error,
      dataUpdatedAt: Math.max(query.dataUpdatedAt, newest.dataUpdatedAt),
      isFetching: query.isFetching || newest.isFetching,
      refetch: () => Promise.all([query.refetch(), newest.refetch()]),
    },
    hasNewer: isBehind && isRead,
    showNewest: () => {
      client.setQueryData<InfiniteData<DlqPage>>(dlqKeys.list(shown), firstPageOnly);
      void refetch();
    },
  };
}

function differs(newest: Newest | undefined, list: InfiniteData<DlqPage> | undefined): boolean {
  const [page] = list?.pages ?? [];
  if (!newest || !page) return false;
  return newest.total !== page.total || newest.id !== (page.deadLetters[0]?.id ?? null);
}

function firstPageOnly(list: InfiniteData<DlqPage> | undefined): InfiniteData<DlqPage> | undefined {
  return list && { pages: list.pages.slice(0, 1), pageParams: list.pageParams.slice(0, 1) };
}
