import { describe, expect, it } from "vitest";
import { lag } from "@/testing/responses";
import { appendSample, type LagSample, offsetRate, partitionTrend, sampleOf } from "./lagHistory";

function sample(time: number, produced: number | null, lags: [number, number | null][] = []): LagSample {
  return { time, total: 0, produced, consumed: 0, lagByPartition: new Map(lags) };
}

describe("sampleOf", () => {
  it("sums the offsets; the sum is unknown if that of any partition is", () => {
    const response = lag(0);
    expect(sampleOf(response).produced).toBe(
      response.partitions.reduce((sum, { end }) => sum + (end ?? 0), 0),
    );
    const [first, ...others] = response.partitions;
    if (!first) throw new Error("no partition");
    expect(sampleOf({ ...response, partitions: [{ ...first, end: null }, ...others] }).produced).toBeNull();
  });
});

describe("appendSample", () => {
  it("ignores a sample that is not newer", () => {
    const history = [sample(10, 1)];
    expect(appendSample(history, sample(10, 2))).toBe(history);
    expect(appendSample(history, sample(11, 2))).toHaveLength(2);
  });

  it("bounds the history", () => {
    const history = Array.from({ length: 500 }, (_, at) => at).reduce<readonly LagSample[]>(
      (before, at) => appendSample(before, sample(at, at)),
      [],
    );
    expect(history).toHaveLength(200);
    expect(history.at(-1)?.time).toBe(499);
  });
});

describe("offsetRate", () => {
  it("is the growth over the last seconds", () => {
    expect(offsetRate([sample(0, 0), sample(100, 1_000), sample(110, 1_500)], "produced")).toBe(50);
  });

  it("is unknown with one sample, or when the newest sample is unknown", () => {
    expect(offsetRate([sample(0, 5)], "produced")).toBeNull();
    expect(offsetRate([sample(0, 5), sample(1, null)], "produced")).toBeNull();
  });

  it("is zero, not negative, when the topic was recreated", () => {
    expect(offsetRate([sample(0, 1_000), sample(10, 3)], "produced")).toBe(0);
  });
});

it("partitionTrend may be negative", () => {
  expect(partitionTrend([sample(0, 0, [[2, 100]]), sample(10, 0, [[2, 50]])], 2)).toBe(-5);
  expect(partitionTrend([sample(0, 0, [[2, 100]]), sample(10, 0, [[2, null]])], 2)).toBeNull();
});
