import { describe, expect, it } from "vitest";
import { lag } from "@/testing/responses";
import { appended, type LagSample, rateOf, sampleOf, trendOf } from "./lagHistory";

function sample(at: number, produced: number | null, lags: [number, number | null][] = []): LagSample {
  return { at, total: 0, produced, consumed: 0, lags: new Map(lags) };
}

describe("sampleOf", () => {
  it("sums offsets, and knows no sum while a partition is unknown", () => {
    const answer = lag(0);
    expect(sampleOf(answer).produced).toBe(answer.partitions.reduce((sum, { end }) => sum + (end ?? 0), 0));
    const [first, ...others] = answer.partitions;
    if (!first) throw new Error("no partition");
    expect(sampleOf({ ...answer, partitions: [{ ...first, end: null }, ...others] }).produced).toBeNull();
  });
});

describe("appended", () => {
  it("ignores an answer that is not newer", () => {
    const history = [sample(10, 1)];
    expect(appended(history, sample(10, 2))).toBe(history);
    expect(appended(history, sample(11, 2))).toHaveLength(2);
  });

  it("is bounded", () => {
    const history = Array.from({ length: 500 }, (_, at) => at).reduce<readonly LagSample[]>(
      (before, at) => appended(before, sample(at, at)),
      [],
    );
    expect(history).toHaveLength(200);
    expect(history.at(-1)?.at).toBe(499);
  });
});

describe("rateOf", () => {
  it("is the growth over the last seconds", () => {
    expect(rateOf([sample(0, 0), sample(100, 1_000), sample(110, 1_500)], "produced")).toBe(50);
  });

  it("is unknown with one sample, or when the newest is", () => {
    expect(rateOf([sample(0, 5)], "produced")).toBeNull();
    expect(rateOf([sample(0, 5), sample(1, null)], "produced")).toBeNull();
  });

  it("is nought, not negative, when a topic was made anew", () => {
    expect(rateOf([sample(0, 1_000), sample(10, 3)], "produced")).toBe(0);
  });
});

it("a partition's trend may be negative", () => {
  expect(trendOf([sample(0, 0, [[2, 100]]), sample(10, 0, [[2, 50]])], 2)).toBe(-5);
  expect(trendOf([sample(0, 0, [[2, 100]]), sample(10, 0, [[2, null]])], 2)).toBeNull();
});
