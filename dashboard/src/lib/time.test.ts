import { describe, expect, it } from "vitest";
import { bucketName, duration, elapsed, exactTime, relativeTime } from "./time";

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
  ])("%s reads %s", (at, words) => {
    expect(relativeTime(Date.parse(at), NOW)).toBe(words);
  });
});

describe("elapsed", () => {
  it("never reads less than a second", () => {
    expect(elapsed(NOW + 5_000, NOW)).toBe("for 1 s");
    expect(elapsed(NOW - 7_200_000, NOW)).toBe("for 2 h");
  });
});

describe("duration", () => {
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
  ])("%d seconds read %s", (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });
});

it("a bucket of a minute is called one", () => {
  expect([60, 3_600, 10].map(bucketName)).toEqual(["minute", "hour", "10 s"]);
});

it("the exact time carries what the API wrote, to the microsecond", () => {
  expect(exactTime("2026-03-01T12:00:00.123456Z")).toContain("2026-03-01T12:00:00.123456Z");
});
