import type { Lag } from "@/api/types";

/** What one answer of the lag endpoint said. */
export type LagSample = {
  /** Seconds since 1970. */
  at: number;
  total: number | null;
  /** Sums over all partitions; null when any of them is unknown. */
  produced: number | null;
  consumed: number | null;
  lags: ReadonlyMap<number, number | null>;
};

/** Ten minutes of answers, one every three seconds. */
const MAX_SAMPLES = 200;
/** Rates are taken over this long, so that one slow batch does not make them jump. */
const RATE_WINDOW_SECONDS = 20;

export function sampleOf(lag: Lag): LagSample {
  return {
    at: Date.parse(lag.as_of) / 1_000,
    total: lag.total,
    produced: total(lag.partitions.map((partition) => partition.end)),
    consumed: total(lag.partitions.map((partition) => partition.committed)),
    lags: new Map(lag.partitions.map((partition) => [partition.partition, partition.lag])),
  };
}

/** The history with a sample more; an answer that says nothing newer changes nothing. */
export function appended(history: readonly LagSample[], sample: LagSample): readonly LagSample[] {
  const newest = history.at(-1);
  if (newest && sample.at <= newest.at) return history;
  return [...history, sample].slice(-MAX_SAMPLES);
}

/** Events a second by which one of the sums grew lately; null while that is unknown. */
export function rateOf(history: readonly LagSample[], sumName: "produced" | "consumed"): number | null {
  return growth(history.map((sample) => ({ at: sample.at, value: sample[sumName] })));
}

/** Events a second by which a partition's lag grows (or, below nought, shrinks); null while that is unknown. */
export function trendOf(history: readonly LagSample[], partition: number): number | null {
  const points = history.map((sample) => ({ at: sample.at, value: sample.lags.get(partition) ?? null }));
  return growth(points, Number.NEGATIVE_INFINITY);
}

type Point = { at: number; value: number | null };

function growth(points: readonly Point[], least = 0): number | null {
  const newest = points.at(-1);
  if (newest?.value === undefined || newest.value === null) return null;
  const oldest = points.find((point) => point.value !== null && newest.at - point.at <= RATE_WINDOW_SECONDS);
  if (oldest?.value === undefined || oldest.value === null || oldest.at === newest.at) return null;
  // A topic made anew counts from nought again: that is no negative rate.
  return Math.max(least, (newest.value - oldest.value) / (newest.at - oldest.at));
}

function total(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (sum, value) => (sum === null || value === null ? null : sum + value),
    0,
  );
}
