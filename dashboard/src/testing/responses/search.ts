import { deadLetter } from "./deadLetters";
import { PAYLOAD } from "./payload";
import { SECOND, timestamp } from "./timestamps";

export function eventSearch(now: number): string {
  const row = {
    id: "01985f1e-7c1b-7d0a-8f53-0f6d2a8c9b11",
    request_id: "req_01985f1e-7c1b-7d0a-8f53-0f6d2a8c9b11",
    tenant_id: "tenant_a",
    event_id: "order-1042",
    idempotency_key: "6f1c0f0e-order-1042",
    event_type: "order.created",
    schema_version: 1,
    occurred_at: timestamp(now, 65 * SECOND),
    received_at: timestamp(now, 63 * SECOND),
    processed_at: timestamp(now, 62 * SECOND),
    status: "PROCESSED",
    payload: "PAYLOAD",
    extensions: { source: "web" },
  };
  const response = {
    events: [row],
    dead_letters: [deadLetter(now, 1, "VALIDATION_FAILED")],
    truncated: false,
  };
  return JSON.stringify(response).replaceAll('"PAYLOAD"', PAYLOAD);
}

export const EMPTY_SEARCH = '{"events":[],"dead_letters":[],"truncated":false}';
