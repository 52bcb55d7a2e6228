import { describe, expect, it } from "vitest";
import { searchFilters, searchTermsOf } from "./filters";

describe("searchFilters", () => {
  it("keeps valid filters, without the default field", () => {
    expect(searchFilters({ by: "event_id", tenant: "tenant_a", value: "1" })).toEqual({
      tenant: "tenant_a",
      value: "1",
    });
    expect(searchFilters({ by: "request_id", value: "req_1" })).toEqual({ by: "request_id", value: "req_1" });
  });

  it("ignores unknown fields and empty or overlong values", () => {
    expect(searchFilters({ by: "password", tenant: "", value: "x".repeat(1_025) })).toEqual({});
  });
});

describe("searchTermsOf", () => {
  it("requires a tenant, except for a request id", () => {
    expect(searchTermsOf({ value: "order-1" })).toBeNull();
    expect(searchTermsOf({ tenant: "tenant_a" })).toBeNull();
    expect(searchTermsOf({ tenant: "tenant_a", value: "order-1" })).toEqual({
      by: "event_id",
      tenant: "tenant_a",
      value: "order-1",
    });
    expect(searchTermsOf({ by: "request_id", value: "req_1" })).toEqual({
      by: "request_id",
      tenant: "",
      value: "req_1",
    });
  });
});
