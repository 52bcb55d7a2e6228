import { expect, it } from "vitest";
import { overviewFilters } from "./filters";

it("knows its spans and leaves out the default and everything else", () => {
  expect(overviewFilters({ minutes: "240" })).toEqual({ minutes: 240 });
  expect(overviewFilters({ minutes: "60" })).toEqual({});
  expect(overviewFilters({ minutes: "61" })).toEqual({});
  expect(overviewFilters({})).toEqual({});
});
