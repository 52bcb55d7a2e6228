import type { Throughput } from "@/api/types";
import type { Series } from "./series";

/** The API's buckets as lines of a chart. */
export function seriesOf({ points }: Throughput): Series {
  return {
    at: points.map((point) => Date.parse(point.at) / 1_000),
    lastIsPartial: true,
    lines: [
      {
        label: "Stored",
        color: "--series-stored",
        dash: [],
        filled: true,
        values: points.map((point) => point.stored),
      },
      {
        label: "Duplicates",
        color: "--series-duplicates",
        dash: [6, 3],
        filled: false,
        values: points.map((point) => point.duplicates),
      },
      {
        label: "Dead",
        color: "--series-dead",
        dash: [2, 2],
        filled: false,
        values: points.map((point) => point.dead),
      },
    ],
  };
}

/** Whether nothing at all happened in the time shown. */
export function isQuiet({ points }: Throughput): boolean {
  return points.every((point) => point.stored + point.duplicates + point.dead === 0);
}
