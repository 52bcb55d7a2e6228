import { expect, it } from "vitest";
import type { Series } from "@/domain/series";
import { plotData, STEPS } from "./plotOptions";

function series(lastIsPartial: boolean): Series {
  const line = {
    label: "Stored",
    color: "--series-stored",
    dash: [],
    filled: true,
    values: [5, 6, 1],
  } as const;
  return { at: [10, 20, 30], lastIsPartial, lines: [line] };
}

it("draws a last value that still grows apart from the line, so that it looks like no fall", () => {
  expect(plotData(series(true))).toEqual([
    [10, 20, 30],
    [5, 6, null],
    [null, 6, 1],
  ]);
});

it("draws whole values as one line", () => {
  expect(plotData(series(false))).toEqual([
    [10, 20, 30],
    [5, 6, 1],
    [null, null, null],
  ]);
});

it.each([4, 900, 60_000_000, 306_123_456, 5e11])("has a step for an axis up to %d", (largest) => {
  const marks = STEPS.map((step) => Math.floor(largest / step));
  expect(marks.some((number) => number >= 2 && number <= 5)).toBe(true);
});
