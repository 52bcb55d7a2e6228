import { Button } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Message } from "./EmptyState";

/** What of a query's result decides which of the four states is drawn. */
export type Asked<T> = Pick<UseQueryResult<T>, "data" | "error" | "isFetching" | "refetch">;

type StateViewProps<T> = {
  query: Asked<T>;
  /** Names what is missing: "the health of the dependencies". */
  what: string;
  loading: ReactNode;
  empty?: ReactNode;
  isEmpty?: (data: T) => boolean;
  children: (data: T) => ReactNode;
};

/**
 * The four states of anything that is fetched. Data wins over an error: what was there stays, and the page's own
 * notice says that it is old.
 */
export function StateView<T>({ query, what, loading, empty, isEmpty, children }: StateViewProps<T>) {
  if (query.data !== undefined) return isEmpty?.(query.data) ? empty : children(query.data);
  if (query.error) return <Failed query={query} error={query.error} what={what} />;
  return (
    <div role="status" aria-busy aria-label={`Loading ${what}`}>
      {loading}
    </div>
  );
}

function Failed<T>({ query, error, what }: { query: Asked<T>; error: Error; what: string }) {
  const retry = (
    <Button variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>
      Try again
    </Button>
  );
  return (
    <div role="alert">
      <Message
        tone="bad"
        icon={<IconPlugConnectedX size={22} stroke={1.6} />}
        title={`Could not load ${what}`}
        action={retry}
      >
        {error.message}
      </Message>
    </div>
  );
}
