/** What of a query says how old its data is. */
export type Freshness = {
  data: unknown;
  error: Error | null;
  dataUpdatedAt: number;
  isFetching: boolean;
  refetch: () => unknown;
};

/** When the oldest data on the page came, in milliseconds since 1970; null while there is none. */
export function oldestUpdate(queries: readonly Freshness[]): number | null {
  const moments = queries.filter(hasData).map((query) => query.dataUpdatedAt);
  return moments.length > 0 ? Math.min(...moments) : null;
}

/** Whether something on the page could not be had, or not renewed. */
export function anyFailed(queries: readonly Freshness[]): boolean {
  return queries.some((query) => query.error !== null);
}

/** The queries whose data is shown although the last try to renew it failed. */
export function stale(queries: readonly Freshness[]): Freshness[] {
  return queries.filter((query) => hasData(query) && query.error !== null);
}

function hasData(query: Freshness): boolean {
  return query.data !== undefined;
}
