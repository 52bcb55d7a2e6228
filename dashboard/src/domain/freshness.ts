/** The part of a query's result that says how old its data is. */
export type Freshness = {
  data: unknown;
  error: Error | null;
  dataUpdatedAt: number;
  isFetching: boolean;
  refetch: () => unknown;
};

/** When the oldest data was fetched, in milliseconds since 1970; null while there is none. */
export function oldestUpdate(queries: readonly Freshness[]): number | null {
  const times = queries.filter(hasData).map((query) => query.dataUpdatedAt);
  return times.length > 0 ? Math.min(...times) : null;
}

/** Whether any query failed on its last attempt. */
export function anyFailed(queries: readonly Freshness[]): boolean {
  return queries.some((query) => query.error !== null);
}

/** Whether every query failed and none has data from before. */
export function allFailed(queries: readonly Freshness[]): boolean {
  return queries.every((query) => !hasData(query) && query.error !== null);
}

/** The queries that still show older data because their last refresh failed. */
export function staleQueries(queries: readonly Freshness[]): Freshness[] {
  return queries.filter((query) => hasData(query) && query.error !== null);
}

function hasData(query: Freshness): boolean {
  return query.data !== undefined;
}
