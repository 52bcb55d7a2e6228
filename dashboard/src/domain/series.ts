/** A line of a chart. Its dash tells it apart without its colour. */
export type Line = {
  label: string;
  /** The CSS variable that holds its colour. */
  color: `--${string}`;
  dash: readonly number[];
  /** Filled down to nought; for the one that matters most. */
  filled: boolean;
  values: readonly (number | null)[];
};

export type Series = {
  /** Seconds since 1970, ascending. */
  at: readonly number[];
  /** The last values still grow, so a fall to them is none; charts draw it faintly. */
  lastIsPartial: boolean;
  lines: readonly Line[];
};

/** The sum of a line's values, unknown ones left out. */
export function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** A line's last known value, null without one. */
export function last(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

/** A moment of a series in words, with what must be known of its values. */
export function momentOf(series: Series, index: number): string {
  const at = clockTimeExact(series.at[index] ?? 0);
  return series.lastIsPartial && index === series.at.length - 1 ? `${at} (so far)` : at;
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const TIME_EXACT = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

export function clockTime(secondsSince1970: number): string {
  return TIME.format(secondsSince1970 * 1_000);
}

export function clockTimeExact(secondsSince1970: number): string {
  return TIME_EXACT.format(secondsSince1970 * 1_000);
}
