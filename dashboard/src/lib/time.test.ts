import { describe, expect, it } from "vitest";
import { bucketLabel, elapsedTime, exactTime, formatDuration, relativeTime } from "./time";

const NOW = Date.parse("2026-03-01T12:00:00Z");

describe("relativeTime", () => {
  it.each([
    ["2026-03-01T12:00:00.900Z", "now"],
    ["2026-03-01T11:59:59.500Z", "now"],
    ["2026-03-01T11:59:57Z", "3 s ago"],
    ["2026-03-01T11:59:00.001Z", "59 s ago"],
    ["2026-03-01T11:59:00Z", "1 min ago"],
    ["2026-03-01T10:00:01Z", "1 h ago"],
    ["2026-02-27T12:00:00Z", "2 d ago"],
    ["2026-03-01T12:05:00Z", "in 5 min"],
  ])("%s is %s", (at, words) => {
    expect(relativeTime(Date.parse(at), NOW)).toBe(words);
  });
});

describe("elapsedTime", () => {
  it("is at least a second", () => {
    expect(elapsedTime(NOW + 5_000, NOW)).toBe("for 1 s");
    expect(elapsedTime(NOW - 7_200_000, NOW)).toBe("for 2 h");
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0 ms"],
    [0.0014, "1.4 ms"],
    [0.25, "250 ms"],
    [2, "2 s"],
    [4.25, "4.3 s"],
    [59.9, "1 min"],
    [96, "1 min 36 s"],
    [3_600, "1 h"],
    [3_605, "1 h 5 s"],
    [90_000, "1 d 1 h"],
  ])("%d seconds are %s", (seconds, words) => {
    expect(formatDuration(seconds)).toBe(words);
  });
});

it("names buckets of a minute or an hour by the unit alone", () => {
  expect([60, 3_600, 10].map(bucketLabel)).toEqual(["minute", "hour", "10 s"]);
});

it("exactTime includes the API's timestamp, to the microsecond", () => {
  expect(exactTime("2026-03-01T12:00:00.123456Z")).toContain("2026-03-01T12:00:00.123456Z");
});
