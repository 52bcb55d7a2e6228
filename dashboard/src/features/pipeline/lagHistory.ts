import type { Lag } from "@/api/types";

/** One measurement of the lag. */
export type LagSample = {
  /** Seconds since 1970. */
  time: number;
  total: number | null;
  /** End offsets and committed offsets summed over all partitions; null if any of them is unknown. */
  produced: number | null;
  consumed: number | null;
  lagByPartition: ReadonlyMap<number, number | null>;
};

/** Ten minutes at one sample every three seconds. */
const MAX_SAMPLES = 200;
/** Rates are averaged over this window, so that one slow batch does not make them jump. */
const RATE_WINDOW_SECONDS = 20;

export function sampleOf(lag: Lag): LagSample {
  return {
    time: Date.parse(lag.as_of) / 1_000,
    total: lag.total,
    produced: sumIfKnown(lag.partitions.map((partition) => partition.end)),
    consumed: sumIfKnown(lag.partitions.map((partition) => partition.committed)),
    lagByPartition: new Map(lag.partitions.map((partition) => [partition.partition, partition.lag])),
  };
}

/** The history with `sample` appended, unless that is no newer than the last one. */
export function appendSample(history: readonly LagSample[], sample: LagSample): readonly LagSample[] {
  const newest = history.at(-1);
  if (newest && sample.time <= newest.time) return history;
  return [...history, sample].slice(-MAX_SAMPLES);
}

/** Events per second by which an offset sum grew recently; null while that is unknown. */
export function offsetRate(history: readonly LagSample[], sum: "produced" | "consumed"): number | null {
  return growthPerSecond(history.map((sample) => ({ time: sample.time, value: sample[sum] })));
}

/** Events per second by which a partition's lag grows (negative: shrinks); null while that is unknown. */
export function partitionTrend(history: readonly LagSample[], partition: number): number | null {
  const points = history.map((sample) => ({
    time: sample.time,
    value: sample.lagByPartition.get(partition) ?? null,
  }));
  return growthPerSecond(points, Number.NEGATIVE_INFINITY);
}

type Point = { time: number; value: number | null };

function growthPerSecond(points: readonly Point[], minimum = 0): number | null {
  const newest = points.at(-1);
  if (newest?.value === undefined || newest.value === null) return null;
  const oldest = points.find(
    (point) => point.value !== null && newest.time - point.time <= RATE_WINDOW_SECONDS,
  );
  if (oldest?.value === undefined || oldest.value === null || oldest.time === newest.time) return null;
  // The offsets of a recreated topic start at zero again; that is not a negative rate.
  return Math.max(minimum, (newest.value - oldest.value) / (newest.time - oldest.time));
}

function sumIfKnown(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (sum, value) => (sum === null || value === null ? null : sum + value),
    0,
  );
}
