import { queryOptions, skipToken } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import { type Found, readEvents } from "@/domain/responses";
import type { Asking } from "./filters";

export const searchKeys = {
  all: ["search"] as const,
  found: (asking: Asking | null) => [...searchKeys.all, "found", asking] as const,
};

/** Stored events and dead letters by an id or a key. Disabled while there is nothing to ask for. */
export function searchQuery(asking: Asking | null) {
  return queryOptions({
    queryKey: searchKeys.found(asking),
    queryFn: asking ? async ({ signal }) => readEvents(await answerTo(asking, signal)) : skipToken,
  });
}

function answerTo({ by, tenant, value }: Asking, signal: AbortSignal): Promise<string> {
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

export function isNothing(found: Found): boolean {
  return found.events.length === 0 && found.deadLetters.length === 0;
}
