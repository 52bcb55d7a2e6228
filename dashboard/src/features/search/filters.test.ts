import { describe, expect, it } from "vitest";
import { askingOf, searchFilters } from "./filters";

describe("searchFilters", () => {
  it("keeps what can be asked, the default field left out", () => {
    expect(searchFilters({ by: "event_id", tenant: "tenant_a", value: "1" })).toEqual({
      tenant: "tenant_a",
      value: "1",
    });
    expect(searchFilters({ by: "request_id", value: "req_1" })).toEqual({ by: "request_id", value: "req_1" });
  });

  it("leaves out unknown fields, empty and endless values", () => {
    expect(searchFilters({ by: "password", tenant: "", value: "x".repeat(1_025) })).toEqual({});
  });
});

describe("askingOf", () => {
  it("needs a tenant for all but a request id", () => {
    expect(askingOf({ value: "order-1" })).toBeNull();
    expect(askingOf({ tenant: "tenant_a" })).toBeNull();
    expect(askingOf({ tenant: "tenant_a", value: "order-1" })).toEqual({
      by: "event_id",
      tenant: "tenant_a",
      value: "order-1",
    });
    expect(askingOf({ by: "request_id", value: "req_1" })).toEqual({
      by: "request_id",
      tenant: "",
      value: "req_1",
    });
  });
});
