import { IconPlugConnectedX } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { EmptyState } from "./EmptyState";
import { RetryButton } from "./RetryButton";

/** The part of a query's result that decides which of the four states is shown. */
export type QueryState<T> = Pick<UseQueryResult<T>, "data" | "error" | "isFetching" | "refetch">;

type QueryStateViewProps<T> = {
  query: QueryState<T>;
  /** Names the data in "Loading …" and "Could not load …": "the health of the dependencies". */
  subject: string;
  loading: ReactNode;
  empty?: ReactNode;
  isEmpty?: (data: T) => boolean;
  children: (data: T) => ReactNode;
};

/**
 * Shows one of the four states of a query: loading, error, empty or data. Data from before a failed refresh stays
 * visible; the page's banner says that it is stale.
 */
export function QueryStateView<T>({
  query,
  subject,
  loading,
  empty,
  isEmpty,
  children,
}: QueryStateViewProps<T>) {
  if (query.data !== undefined) return isEmpty?.(query.data) ? empty : children(query.data);
  if (query.error) return <LoadError query={query} error={query.error} subject={subject} />;
  return (
    <div role="status" aria-busy aria-label={`Loading ${subject}`}>
      {loading}
    </div>
  );
}

type LoadErrorProps<T> = { query: QueryState<T>; error: Error; subject: string };

function LoadError<T>({ query, error, subject }: LoadErrorProps<T>) {
  return (
    <div role="alert">
      <EmptyState
        tone="bad"
        icon={<IconPlugConnectedX size={22} stroke={1.6} />}
        title={`Could not load ${subject}`}
        action={<RetryButton queries={[query]} />}
      >
        {error.message}
      </EmptyState>
    </div>
  );
}
