import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect } from "react";
import type { DlqPage } from "@/domain/deadLetter";
import type { Freshness } from "@/domain/freshness";
import { usePollingQuery } from "@/lib/hooks/autoRefresh";
import type { DlqFilters } from "./filters";
import { dlqKeys, dlqQuery, listFilterOf, type NewestDeadLetter, newestQuery } from "./queries";

export type DeadLetterList = {
  query: UseInfiniteQueryResult<InfiniteData<DlqPage>>;
  freshness: Freshness;
  /** The list has changed on the server, but is not reloaded because the user is reading it. */
  hasNewer: boolean;
  showNewest: () => void;
};

/**
 * The list of dead letters. It polls for the newest one only, because a page may be megabytes, and reloads the list
 * when that changes. While a dead letter is expanded or older pages are loaded it only reports `hasNewer`, so that
 * rows do not move while the user reads them.
 */
export function useDeadLetters(filters: DlqFilters): DeadLetterList {
  const filter = listFilterOf(filters);
  const client = useQueryClient();
  const query = useInfiniteQuery({ ...dlqQuery(filter), refetchOnWindowFocus: false });
  const newest = usePollingQuery(newestQuery(filter));
  // A poll from before the list was loaded is older than the list: acting on it would reload the list in a loop.
  const isOutdated = newest.dataUpdatedAt > query.dataUpdatedAt && differs(newest.data, query.data);
  const isBeingRead = filters.open !== undefined || (query.data?.pages.length ?? 0) > 1;
  const { refetch, isFetching } = query;
  useEffect(() => {
    if (isOutdated && !isBeingRead && !isFetching) void refetch();
  }, [isOutdated, isBeingRead, isFetching, refetch]);
  return {
    query,
    freshness: {
      data: query.data,
      error: query.error ?? newest.error,
      dataUpdatedAt: Math.max(query.dataUpdatedAt, newest.dataUpdatedAt),
      isFetching: query.isFetching || newest.isFetching,
      refetch: () => Promise.all([query.refetch(), newest.refetch()]),
    },
    hasNewer: isOutdated && isBeingRead,
    showNewest: () => {
      client.setQueryData<InfiniteData<DlqPage>>(dlqKeys.list(filter), firstPageOnly);
      void refetch();
    },
  };
}

function differs(newest: NewestDeadLetter | undefined, list: InfiniteData<DlqPage> | undefined): boolean {
  const [page] = list?.pages ?? [];
  if (!newest || !page) return false;
  return newest.total !== page.total || newest.id !== (page.deadLetters[0]?.id ?? null);
}

function firstPageOnly(list: InfiniteData<DlqPage> | undefined): InfiniteData<DlqPage> | undefined {
  return list && { pages: list.pages.slice(0, 1), pageParams: list.pageParams.slice(0, 1) };
}
