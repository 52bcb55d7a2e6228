import { expect, it } from "vitest";
import type { Series } from "@/domain/series";
import { plotData, TICK_STEPS } from "./plotOptions";

function series(lastIsPartial: boolean): Series {
  const line = {
    label: "Stored",
    color: "--series-stored",
    dash: [],
    filled: true,
    values: [5, 6, 1],
  } as const;
  return { times: [10, 20, 30], lastIsPartial, lines: [line] };
}

it("draws a partial last bucket apart from the line, so that it does not look like a drop", () => {
  expect(plotData(series(true))).toEqual([
    [10, 20, 30],
    [5, 6, null],
    [null, 6, 1],
  ]);
});

it("draws complete buckets as one line", () => {
  expect(plotData(series(false))).toEqual([
    [10, 20, 30],
    [5, 6, 1],
    [null, null, null],
  ]);
});

it.each([4, 900, 60_000_000, 306_123_456, 5e11])("has a tick step for an axis up to %d", (largest) => {
  const tickCounts = TICK_STEPS.map((step) => Math.floor(largest / step));
  expect(tickCounts.some((ticks) => ticks >= 2 && ticks <= 5)).toBe(true);
});
