import { randomUUID } from "node:crypto";
import { type APIRequestContext, test as base, expect } from "@playwright/test";

/** The platform under test: ingest, an API key with its tenant, and the process group of the processor. */
export const INGEST_URL = required("INGEST_URL");
const API_KEY = required("API_KEY");
export const TENANT = required("TENANT");
export const PROCESSOR_PID = Number(required("PROCESSOR_PID"));

/** The dashboard of an admin API that requires a token, and a valid token. */
export const LOCKED_URL = required("LOCKED_URL");
export const TOKEN = required("TOKEN");

export type SentEvent = { eventId: string; key: string; requestId: string };

/** Sends one event and returns once it is accepted. `overrides` replaces members; undefined removes one. */
export async function sendEvent(
  request: APIRequestContext,
  overrides: Record<string, unknown> = {},
): Promise<SentEvent> {
  const eventId = `e2e-${randomUUID()}`;
  const event = {
    event_id: eventId,
    event_type: "order.created",
    schema_version: 1,
    occurred_at: new Date().toISOString(),
    payload: { order: 1 },
    ...overrides,
  };
  return sendText(request, eventId, JSON.stringify(event));
}

/** Sends `text` as the request body, for numbers that a double would change. */
export async function sendText(
  request: APIRequestContext,
  eventId: string,
  text: string,
): Promise<SentEvent> {
  const key = `key-${randomUUID()}`;
  let requestId = "";
  // Retries like a producer: on a busy machine the servers may be too slow and respond with 503.
  await expect(async () => {
    const response = await request.post(`${INGEST_URL}/events`, {
      headers: { "X-API-Key": API_KEY, "Idempotency-Key": key, "Content-Type": "application/json" },
      data: Buffer.from(text),
    });
    expect(response.status()).toBe(202);
    ({ request_id: requestId } = (await response.json()) as { request_id: string });
  }).toPass({ timeout: 60_000 });
  return { eventId, key, requestId };
}

/** `browserErrors`: console errors, which include violations of the Content-Security-Policy, and uncaught exceptions. */
export const test = base.extend<{ browserErrors: string[] }>({
  browserErrors: [
    async ({ page }, use) => {
      const browserErrors: string[] = [];
      page.on("console", (message) => message.type() === "error" && browserErrors.push(message.text()));
      page.on("pageerror", (error) => browserErrors.push(String(error)));
      await use(browserErrors);
      // On a busy machine the servers may respond with 503; the browser logs that, and the page retries.
      expect(browserErrors.filter((text) => !text.includes("status of 503"))).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; “make test” sets it to the platform under test`);
  return value;
}
