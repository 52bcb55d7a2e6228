import { validParam } from "@/lib/searchParams";

/** The ids that an event can be found by. */
export const SEARCH_FIELDS = [
  { value: "event_id", label: "Event id", example: "order-1042" },
  { value: "idempotency_key", label: "Idempotency key", example: "6f1c0f0e-order-1042" },
  { value: "request_id", label: "Request id", example: "req_01985f1e-…" },
] as const;

export type SearchField = (typeof SEARCH_FIELDS)[number]["value"];

/** The search in the URL: `?by=event_id&tenant=tenant_a&value=order-1042`. */
export type SearchFilters = { by?: SearchField; tenant?: string; value?: string };

export const DEFAULT_FIELD: SearchField = "event_id";
const UP_TO_1024_CHARACTERS = /^[\s\S]{1,1024}$/;

export function searchFilters(search: Record<string, unknown>): SearchFilters {
  const by = SEARCH_FIELDS.find((field) => field.value === search.by)?.value;
  return {
    ...(by && by !== DEFAULT_FIELD && { by }),
    ...validParam("tenant", search.tenant, UP_TO_1024_CHARACTERS),
    ...validParam("value", search.value, UP_TO_1024_CHARACTERS),
  };
}

/** A complete search. The tenant may be empty for a request id, which is unique across tenants. */
export type SearchTerms = { by: SearchField; tenant: string; value: string };

/** The search that the filters describe, or null while they are incomplete. */
export function searchTermsOf({
  by = DEFAULT_FIELD,
  tenant = "",
  value = "",
}: SearchFilters): SearchTerms | null {
  if (!value || (!tenant && by !== "request_id")) return null;
  return { by, tenant, value };
}
