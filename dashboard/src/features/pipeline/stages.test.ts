import { describe, expect, it } from "vitest";
import { overview } from "@/testing/responses";
import { deadLettersFlow, flowsOf } from "./stages";

const LOADING = { lag: undefined, history: [], health: undefined };

describe("flowsOf", () => {
  it.each([
    ["2026-01-01T00:00:00Z", 600],
    ["2026-01-01T00:00:05Z", 650],
    ["2026-01-01T00:00:09.9Z", 699],
  ])("divides by the seconds that the counted buckets cover (%s)", (as_of, counted) => {
    const last_minute = { stored: counted, duplicates: 0, dead: counted / 10 };
    const data = { ...LOADING, overview: { ...overview(0), as_of, last_minute } };
    expect(flowsOf(data)[2].perSecond).toBeCloseTo(10);
    expect(deadLettersFlow(data).perSecond).toBeCloseTo(1);
  });

  it("is unknown while the overview is loading", () => {
    expect(flowsOf({ ...LOADING, overview: undefined })[2].perSecond).toBeNull();
  });
});
