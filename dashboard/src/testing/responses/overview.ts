import type { Health, Overview, Throughput, TopEventTypes } from "@/api/types";
import { MINUTE, SECOND, timestamp } from "./timestamps";

export function overview(now: number): Overview {
  return {
    as_of: timestamp(now, 0),
    last_minute: { stored: 5_214, duplicates: 538, dead: 21 },
    last_5_minutes: { stored: 25_803, duplicates: 2_611, dead: 117, per_minute: 5_706.2 },
    today: { stored: 1_284_350, duplicates: 130_221, dead: 1_342 },
    top_type_today: { event_type: "order.created", count: 412_903 },
    dead_by_code: [
      { code: "VALIDATION_FAILED", count: 1_104 },
      { code: "UNSUPPORTED_SCHEMA_VERSION", count: 193 },
      { code: "DESERIALIZATION_FAILED", count: 41 },
      { code: "IDEMPOTENCY_KEY_REUSED", count: 4 },
    ],
    dead_total: 1_342,
  };
}

export function emptyOverview(now: number): Overview {
  const none = { stored: 0, duplicates: 0, dead: 0 };
  return {
    as_of: timestamp(now, 0),
    last_minute: none,
    last_5_minutes: { ...none, per_minute: 0 },
    today: none,
    top_type_today: null,
    dead_by_code: [],
    dead_total: 0,
  };
}

export function health(now: number): Health {
  const ok = { status: "ok" as const, error: null };
  return {
    status: "degraded",
    dependencies: [
      { ...ok, name: "postgres", latency_ms: 1.42, since: timestamp(now, 93 * MINUTE) },
      {
        name: "redis",
        status: "down",
        latency_ms: null,
        error: "connecting to 127.0.0.1:6379: Connection refused",
        since: timestamp(now, 40 * SECOND),
      },
      { ...ok, name: "kafka", latency_ms: 4.8, since: timestamp(now, 93 * MINUTE) },
      {
        name: "ingest",
        status: "degraded",
        latency_ms: 2.2,
        error: "redis: down",
        since: timestamp(now, 38 * SECOND),
      },
      { ...ok, name: "processor", latency_ms: 2.9, since: timestamp(now, 12 * MINUTE) },
    ],
  };
}

export function topEventTypes(now: number): TopEventTypes {
  const counts = {
    "order.created": 412_903,
    "payment.captured": 300_441,
    "cart.updated": 211_090,
    "user.signed_in": 98_214,
  };
  return {
    since: timestamp(now, 1_440 * MINUTE),
    types: Object.entries(counts).map(([event_type, count]) => ({ event_type, count })),
  };
}

export function throughput(now: number, minutes = 60): Throughput {
  const wave = (index: number) => 5_000 + 1_400 * Math.sin(index / 7) + 500 * Math.sin(index / 2.3);
  return {
    bucket_seconds: 60,
    points: Array.from({ length: minutes }, (_, index) => ({
      at: timestamp(Math.floor(now / MINUTE) * MINUTE, (minutes - 1 - index) * MINUTE),
      stored: Math.round(wave(index)),
      duplicates: Math.round(wave(index) / 9),
      dead: index % 17 === 0 ? 160 : 20,
    })),
  };
}

export function emptyThroughput(now: number): Throughput {
  const { bucket_seconds, points } = throughput(now);
  return {
    bucket_seconds,
    points: points.map((point) => ({ at: point.at, stored: 0, duplicates: 0, dead: 0 })),
  };
}
