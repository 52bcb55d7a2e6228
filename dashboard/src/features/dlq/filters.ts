import { validParam } from "@/lib/searchParams";

/** The page's filters in the URL: `?code=VALIDATION_FAILED&tenant=tenant_a&open=<id>`. */
export type DlqFilters = {
  code?: string;
  tenant?: string;
  /** The id of the expanded dead letter. */
  open?: string;
};

const CODE = /^[A-Z_]{1,64}$/;
const TENANT = /^[A-Za-z0-9._-]{1,64}$/;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

export function dlqFilters(search: Record<string, unknown>): DlqFilters {
  return {
    ...validParam("code", search.code, CODE),
    ...validParam("tenant", search.tenant, TENANT),
    ...validParam("open", search.open, ID),
  };
}

export function isTenant(text: string): boolean {
  return TENANT.test(text);
}
