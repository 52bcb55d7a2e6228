import { clockTimeWithSeconds } from "@/lib/time";

/** A line of a chart. Its dash pattern identifies it without colour. */
export type Line = {
  label: string;
  /** The CSS variable that holds its colour. */
  color: `--${string}`;
  dash: readonly number[];
  /** Filled down to zero; for the chart's main line. */
  filled: boolean;
  values: readonly (number | null)[];
};

/** Lines over a common time axis; null values are unknown. */
export type Series = {
  /** Seconds since 1970, ascending. */
  times: readonly number[];
  /** The last bucket is still filling, so a drop in it means nothing; charts draw it faintly. */
  lastIsPartial: boolean;
  lines: readonly Line[];
};

/** The sum of a line's known values. */
export function sumOf(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** The last known value, or null if there is none. */
export function lastKnown(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

/** The clock time at `index`, marked "so far" where the bucket is still filling. */
export function timeLabel(series: Series, index: number): string {
  const time = clockTimeWithSeconds(series.times[index] ?? 0);
  return series.lastIsPartial && index === series.times.length - 1 ? `${time} (so far)` : time;
}
