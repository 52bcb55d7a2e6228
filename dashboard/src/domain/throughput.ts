import type { Throughput } from "@/api/types";
import { processedCount } from "./outcomes";
import type { Series } from "./series";

/** The API's buckets as chart lines, one per outcome. */
export function throughputSeries({ points }: Throughput): Series {
  return {
    times: points.map((point) => Date.parse(point.at) / 1_000),
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

/** Whether no event was processed in the time range. */
export function hasNoEvents({ points }: Throughput): boolean {
  return points.every((point) => processedCount(point) === 0);
}
