import type { Lag } from "@/api/types";
import { timestamp } from "./timestamps";

/** `step` is the number of the poll: with each the topic grows, and the lag a little. */
export function lag(now: number, step = 0): Lag {
  const partitions = [182, 240, 97, 311, 150, 204].map((waiting, partition) => {
    const end = 214_000 + partition * 1_733 + step * 95;
    const lagging = waiting + step * (partition - 2);
    const member = partition < 3 ? "worker-1" : "worker-2";
    return { partition, end, committed: end - lagging, lag: lagging, member };
  });
  return {
    as_of: timestamp(now, 0),
    total: partitions.reduce((sum, partition) => sum + partition.lag, 0),
    trend_per_second: -12.4,
    oldest_age_seconds: 2.1,
    drain_seconds: 95.5,
    members: 2,
    partitions,
    error: null,
  };
}

export function idleLag(now: number): Lag {
  const idle = { committed: 0, end: 0, lag: 0 };
  return {
    as_of: timestamp(now, 0),
    total: 0,
    trend_per_second: 0,
    oldest_age_seconds: null,
    drain_seconds: 0,
    members: 1,
    partitions: [0, 1, 2, 3, 4, 5].map((partition) => ({ partition, ...idle, member: "worker-1" })),
    error: null,
  };
}
