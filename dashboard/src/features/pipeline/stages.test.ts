import { describe, expect, it } from "vitest";
import { overview } from "@/testing/responses";
import { deadLettersFlow, flowsOf } from "./stages";

const UNKNOWN = { lag: undefined, history: [], health: undefined };

describe("flowsOf", () => {
  it.each([
    ["2026-01-01T00:00:00Z", 600],
    ["2026-01-01T00:00:05Z", 650],
    ["2026-01-01T00:00:09.9Z", 699],
  ])("takes the rate of what is stored over the whole buckets that were counted (%s)", (as_of, counted) => {
    const last_minute = { stored: counted, duplicates: 0, dead: counted / 10 };
    const known = { ...UNKNOWN, summary: { ...overview(0), as_of, last_minute } };
    expect(flowsOf(known)[2].perSecond).toBeCloseTo(10);
    expect(deadLettersFlow(known).perSecond).toBeCloseTo(1);
  });

  it("is unknown before anything was counted", () => {
    expect(flowsOf({ ...UNKNOWN, summary: undefined })[2].perSecond).toBeNull();
  });
});
