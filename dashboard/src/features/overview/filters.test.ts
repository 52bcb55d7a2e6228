import { expect, it } from "vitest";
import { overviewFilters } from "./filters";

it("accepts the offered time ranges; ignores the default and any other value", () => {
  expect(overviewFilters({ minutes: "240" })).toEqual({ minutes: 240 });
  expect(overviewFilters({ minutes: "60" })).toEqual({});
  expect(overviewFilters({ minutes: "61" })).toEqual({});
  expect(overviewFilters({})).toEqual({});
});
