import { PAYLOAD } from "./payload";
import { SECOND, timestamp } from "./timestamps";

const REASONS: Readonly<Record<string, string>> = {
  VALIDATION_FAILED: "VALIDATION_FAILED: missing event_type; occurred_at is not RFC 3339: '2026-13-01'",
  UNSUPPORTED_SCHEMA_VERSION: "UNSUPPORTED_SCHEMA_VERSION: schema_version is 7, allowed: 1",
  DESERIALIZATION_FAILED: "DESERIALIZATION_FAILED: the message is no JSON object",
};
const ENCODINGS = ["json", "text", "base64", "null"] as const;

type Encoding = (typeof ENCODINGS)[number];

export function deadLetter(now: number, index: number, code: string, encoding: Encoding = "json") {
  const readable = encoding === "json";
  return {
    id: String(1_000 - index),
    failed_at: timestamp(now, index * 7 * SECOND),
    code,
    reason: REASONS[code] ?? code,
    tenant_id: readable ? (index % 3 ? "tenant_a" : "tenant_b") : null,
    event_id: readable ? `order-${1_042 + index}` : null,
    idempotency_key: readable ? `6f1c0f0e-order-${1_042 + index}` : null,
    request_id: readable ? "req_01985f1e-7c1b-7d0a-8f53-0f6d2a8c9b11" : null,
    source: { topic: "events.raw", partition: index % 6, offset: 21_000 + index },
    original: originalOf(encoding),
    original_encoding: encoding,
  };
}

function originalOf(encoding: Encoding): unknown {
  if (encoding === "text") return "hello, this is not JSON {";
  if (encoding === "base64") return "AAECAwQF/v8=";
  if (encoding === "null") return null;
  return {
    tenant_id: "tenant_a",
    request_id: "req_0198",
    event: { event_id: "order-1042", payload: "PAYLOAD" },
  };
}

/** A page of dead letters; `next` is null on the last page. */
export function dlqPage(now: number, size = 40, next: string | null = "1764000000000000-960"): string {
  const codes = Object.keys(REASONS);
  const deadLetters = Array.from({ length: size }, (_, index) => {
    const encoding = index < ENCODINGS.length ? (ENCODINGS[index] ?? "json") : "json";
    const code = encoding === "json" ? (codes[index % 2] ?? "") : "DESERIALIZATION_FAILED";
    return deadLetter(now, index + 1, code, encoding);
  });
  return JSON.stringify({ total: next ? 1_342 : size, dead_letters: deadLetters, next }).replaceAll(
    '"PAYLOAD"',
    PAYLOAD,
  );
}

export const EMPTY_DLQ = '{"total":0,"dead_letters":[],"next":null}';
