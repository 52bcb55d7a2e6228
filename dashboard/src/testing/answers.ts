import type { Health, Lag, Overview, Throughput, TopEventTypes } from "@/api/types";

/** Answers of the admin API as tests and pictures want them; times count back from `now`. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function at(now: number, agoMs: number): string {
  return new Date(now - agoMs).toISOString();
}

export function overview(now: number): Overview {
  return {
    as_of: at(now, 0),
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
    as_of: at(now, 0),
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
      { ...ok, name: "postgres", latency_ms: 1.42, since: at(now, 93 * MINUTE) },
      {
        name: "redis",
        status: "down",
        latency_ms: null,
        error: "connecting to 127.0.0.1:6379: Connection refused",
        since: at(now, 40 * SECOND),
      },
      { ...ok, name: "kafka", latency_ms: 4.8, since: at(now, 93 * MINUTE) },
      {
        name: "ingest",
        status: "degraded",
        latency_ms: 2.2,
        error: "redis: down",
        since: at(now, 38 * SECOND),
      },
      { ...ok, name: "processor", latency_ms: 2.9, since: at(now, 12 * MINUTE) },
    ],
  };
}

export function topTypes(now: number): TopEventTypes {
  const counts = {
    "order.created": 412_903,
    "payment.captured": 300_441,
    "cart.updated": 211_090,
    "user.signed_in": 98_214,
  };
  return {
    since: at(now, 1_440 * MINUTE),
    types: Object.entries(counts).map(([event_type, count]) => ({ event_type, count })),
  };
}

export function throughput(now: number, minutes = 60): Throughput {
  const wave = (index: number) => 5_000 + 1_400 * Math.sin(index / 7) + 500 * Math.sin(index / 2.3);
  return {
    bucket_seconds: 60,
    points: Array.from({ length: minutes }, (_, index) => ({
      at: at(Math.floor(now / MINUTE) * MINUTE, (minutes - 1 - index) * MINUTE),
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

/** `step` counts answers: with each the topic grows, and the consumer a little slower. */
export function lag(now: number, step = 0): Lag {
  const partitions = [182, 240, 97, 311, 150, 204].map((waiting, partition) => {
    const end = 214_000 + partition * 1_733 + step * 95;
    const lagging = waiting + step * (partition - 2);
    const member = partition < 3 ? "worker-1" : "worker-2";
    return { partition, end, committed: end - lagging, lag: lagging, member };
  });
  return {
    as_of: at(now, 0),
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
    as_of: at(now, 0),
    total: 0,
    trend_per_second: 0,
    oldest_age_seconds: null,
    drain_seconds: 0,
    members: 1,
    partitions: [0, 1, 2, 3, 4, 5].map((partition) => ({ partition, ...idle, member: "worker-1" })),
    error: null,
  };
}

/** A payload with all that a careless reader would change or run. */
export const PAYLOAD =
  '{"order":{"id":12345678901234567890,"total":1e5,"lines":[{"sku":"A-1","qty":2},{"sku":"B-7","qty":1}]},' +
  '"note":"<img src=x onerror=alert(1)>","paid":true,"coupon":null,"ratio":0.10}';

export function found(now: number): string {
  const row = {
    id: "01985f1e-7c1b-7d0a-8f53-0f6d2a8c9b11",
    request_id: "req_01985f1e-7c1b-7d0a-8f53-0f6d2a8c9b11",
    tenant_id: "tenant_a",
    event_id: "order-1042",
    idempotency_key: "6f1c0f0e-order-1042",
    event_type: "order.created",
    schema_version: 1,
    occurred_at: at(now, 65 * SECOND),
    received_at: at(now, 63 * SECOND),
    processed_at: at(now, 62 * SECOND),
    status: "PROCESSED",
    payload: "PAYLOAD",
    extensions: { source: "web" },
  };
  const answer = { events: [row], dead_letters: [deadLetter(now, 1, "VALIDATION_FAILED")], truncated: false };
  return JSON.stringify(answer).replaceAll('"PAYLOAD"', PAYLOAD);
}

export const NOTHING_FOUND = '{"events":[],"dead_letters":[],"truncated":false}';

const REASONS: Readonly<Record<string, string>> = {
  VALIDATION_FAILED: "VALIDATION_FAILED: missing event_type; occurred_at is not RFC 3339: '2026-13-01'",
  UNSUPPORTED_SCHEMA_VERSION: "UNSUPPORTED_SCHEMA_VERSION: schema_version is 7, allowed: 1",
  DESERIALIZATION_FAILED: "DESERIALIZATION_FAILED: the message is no JSON object",
};
const ENCODINGS = ["json", "text", "base64", "null"] as const;

type Encoding = (typeof ENCODINGS)[number];

export function deadLetter(now: number, number: number, code: string, encoding: Encoding = "json") {
  const readable = encoding === "json";
  return {
    id: String(1_000 - number),
    failed_at: at(now, number * 7 * SECOND),
    code,
    reason: REASONS[code] ?? code,
    tenant_id: readable ? (number % 3 ? "tenant_a" : "tenant_b") : null,
    event_id: readable ? `order-${1_042 + number}` : null,
    idempotency_key: readable ? `6f1c0f0e-order-${1_042 + number}` : null,
    request_id: readable ? "req_01985f1e-7c1b-7d0a-8f53-0f6d2a8c9b11" : null,
    source: { topic: "events.raw", partition: number % 6, offset: 21_000 + number },
    original: originalOf(encoding),
    original_encoding: encoding,
  };
}

function originalOf(encoding: Encoding): unknown {
  if (encoding === "text") return "hello, this is no JSON {";
  if (encoding === "base64") return "AAECAwQF/v8=";
  if (encoding === "null") return null;
  return {
    tenant_id: "tenant_a",
    request_id: "req_0198",
    event: { event_id: "order-1042", payload: "PAYLOAD" },
  };
}

/** A page of dead letters; `next` is null on the last. */
export function dlqPage(now: number, size = 40, next: string | null = "1764000000000000-960"): string {
  const codes = Object.keys(REASONS);
  const letters = Array.from({ length: size }, (_, index) => {
    const encoding = index < ENCODINGS.length ? (ENCODINGS[index] ?? "json") : "json";
    const code = encoding === "json" ? (codes[index % 2] ?? "") : "DESERIALIZATION_FAILED";
    return deadLetter(now, index + 1, code, encoding);
  });
  return JSON.stringify({ total: next ? 1_342 : size, dead_letters: letters, next }).replaceAll(
    '"PAYLOAD"',
    PAYLOAD,
  );
}

export const EMPTY_DLQ = '{"total":0,"dead_letters":[],"next":null}';

export const UNAVAILABLE = {
  error: { code: "UNAVAILABLE", message: "Postgres does not answer: connection refused" },
};
