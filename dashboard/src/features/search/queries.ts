import { queryOptions, skipToken } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import { parseEventSearch } from "@/domain/storedEvent";
import type { SearchTerms } from "./filters";

export const searchKeys = {
  all: ["search"] as const,
  results: (terms: SearchTerms | null) => [...searchKeys.all, "results", terms] as const,
};

/** Stored events and dead letters with an id or key. Disabled while the search is incomplete. */
export function searchQuery(terms: SearchTerms | null) {
  return queryOptions({
    queryKey: searchKeys.results(terms),
    queryFn: terms ? async ({ signal }) => parseEventSearch(await fetchBody(terms, signal)) : skipToken,
  });
}

function fetchBody({ by, tenant, value }: SearchTerms, signal: AbortSignal): Promise<string> {
  const options = { signal, parseAs: "text" } as const;
  if (by === "idempotency_key") {
    const query = { tenant, idempotencyKey: value };
    return dataOf(api.GET("/admin/event/by-idempotency", { params: { query }, ...options }));
  }
  const query = {
    ...(tenant && { tenant }),
    ...(by === "event_id" ? { eventId: value } : { requestId: value }),
  };
  return dataOf(api.GET("/admin/event/search", { params: { query }, ...options }));
}
