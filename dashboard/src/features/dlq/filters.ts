/** Filters of the dead letters in the URL: `?code=VALIDATION_FAILED&tenant=tenant_a&open=<id>`. */
export type DlqFilters = {
  code?: string;
  tenant?: string;
  /** The id of the dead letter that is unfolded. */
  open?: string;
};

const CODE = /^[A-Z_]{1,64}$/;
const TENANT = /^[A-Za-z0-9._-]{1,64}$/;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

export function dlqFilters(search: Record<string, unknown>): DlqFilters {
  return {
    ...matching("code", search.code, CODE),
    ...matching("tenant", search.tenant, TENANT),
    ...matching("open", search.open, ID),
  };
}

export function isTenant(text: string): boolean {
  return TENANT.test(text);
}

/** What does not match is left out: a mistyped filter shows everything, never an error. */
function matching<K extends keyof DlqFilters>(
  name: K,
  value: unknown,
  pattern: RegExp,
): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  if (typeof value === "string" && pattern.test(value)) found[name] = value;
  return found;
}
