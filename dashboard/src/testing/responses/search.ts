import { deadLetter } from "./deadLetters";
import { PAYLOAD } from "./payload";
import { at, SECOND } from "./timestamps";

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
