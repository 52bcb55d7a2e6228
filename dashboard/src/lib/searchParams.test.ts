import { describe, expect, it } from "vitest";
import { parseSearch, stringifySearch } from "./searchParams";

describe("search parameters", () => {
  it("stay text, never numbers, through a round trip", () => {
    const filters = { tenant: "tenant_a", value: "12345678901234567890", note: "a&b=c d+é%" };
    expect(parseSearch(stringifySearch(filters))).toEqual(filters);
  });

  it("are left out of the URL when unset", () => {
    expect(stringifySearch({ code: undefined, tenant: "" })).toBe("");
  });
});
