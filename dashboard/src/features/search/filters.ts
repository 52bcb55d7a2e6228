/** What an event can be found by. */
export const FIELDS = [
  { value: "event_id", label: "Event id", example: "order-1042" },
  { value: "idempotency_key", label: "Idempotency key", example: "6f1c0f0e-order-1042" },
  { value: "request_id", label: "Request id", example: "req_01985f1e-…" },
] as const;

export type Field = (typeof FIELDS)[number]["value"];

/** Filters of the search in the URL: `?by=event_id&tenant=tenant_a&value=order-1042`. */
export type SearchFilters = { by?: Field; tenant?: string; value?: string };

export const DEFAULT_FIELD: Field = "event_id";
const MAX_LENGTH = 1_024;

export function searchFilters(search: Record<string, unknown>): SearchFilters {
  const by = FIELDS.find((field) => field.value === search.by)?.value;
  return {
    ...(by && by !== DEFAULT_FIELD && { by }),
    ...text("tenant", search.tenant),
    ...text("value", search.value),
  };
}

/** What is asked of the API, or null while the filters do not say enough. A request id needs no tenant. */
export type Asking = { by: Field; tenant: string; value: string };

export function askingOf({ by = DEFAULT_FIELD, tenant = "", value = "" }: SearchFilters): Asking | null {
  if (!value || (!tenant && by !== "request_id")) return null;
  return { by, tenant, value };
}

function text<K extends "tenant" | "value">(name: K, given: unknown): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  if (typeof given === "string" && given !== "" && given.length <= MAX_LENGTH) found[name] = given;
  return found;
}
