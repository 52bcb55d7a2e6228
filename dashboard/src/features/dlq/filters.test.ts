import { expect, it } from "vitest";
import { dlqFilters } from "./filters";

it("keeps well-formed filters", () => {
  const filters = { code: "VALIDATION_FAILED", tenant: "tenant_a", open: "42" };
  expect(dlqFilters(filters)).toEqual(filters);
});

it("ignores values that no dead letter can have, so that a mistyped URL shows all", () => {
  expect(dlqFilters({ code: "validation failed", tenant: "<b>", open: ["1"], other: "x" })).toEqual({});
});
