import { describe, expect, it } from "vitest";
import { parseSearch, stringifySearch } from "./searchParams";

describe("filters in the URL", () => {
  it("are text, never numbers, and come back as they went", () => {
    const filters = { tenant: "tenant_a", value: "12345678901234567890", note: "a&b=c d+é%" };
    expect(parseSearch(stringifySearch(filters))).toEqual(filters);
  });

  it("leave no trace when unset", () => {
    expect(stringifySearch({ code: undefined, tenant: "" })).toBe("");
  });
});
