import { randomUUID } from "node:crypto";
import { type APIRequestContext, test as base, expect } from "@playwright/test";

/** The running platform's ingest, a key it knows and whose it is, and the process group of its processor. */
export const INGEST_URL = required("INGEST_URL");
const API_KEY = required("API_KEY");
export const TENANT = required("TENANT");
export const PROCESSOR_PID = Number(required("PROCESSOR_PID"));

/** The same pages where the admin API wants a token, and one that it knows. */
export const LOCKED_URL = required("LOCKED_URL");
export const TOKEN = required("TOKEN");

export type Sent = { eventId: string; key: string; requestId: string };

/** Sends one event and returns once it was accepted. `change` replaces members; undefined removes one. */
export async function sendEvent(
  request: APIRequestContext,
  change: Record<string, unknown> = {},
): Promise<Sent> {
  const eventId = `e2e-${randomUUID()}`;
  const event = {
    event_id: eventId,
    event_type: "order.created",
    schema_version: 1,
    occurred_at: new Date().toISOString(),
    payload: { order: 1 },
    ...change,
  };
  return sendText(request, eventId, JSON.stringify(event));
}

/** The same with the body's text as it is, for numbers that a double would change. */
export async function sendText(request: APIRequestContext, eventId: string, text: string): Promise<Sent> {
  const key = `key-${randomUUID()}`;
  let requestId = "";
  // Again where a busy machine's servers were too slow for it, as a producer does.
  await expect(async () => {
    const answer = await request.post(`${INGEST_URL}/events`, {
      headers: { "X-API-Key": API_KEY, "Idempotency-Key": key, "Content-Type": "application/json" },
      data: Buffer.from(text),
    });
    expect(answer.status()).toBe(202);
    ({ request_id: requestId } = (await answer.json()) as { request_id: string });
  }).toPass({ timeout: 60_000 });
  return { eventId, key, requestId };
}

/** What the browser complained about: errors on the console (broken security policies are among them) and uncaught. */
export const test = base.extend<{ complaints: string[] }>({
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      await use(complaints);
      // The browser reports this of itself where a busy machine's servers were too slow; the page asks again.
      expect(complaints.filter((text) => !text.includes("status of 503"))).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must say which platform to test; “make test” sets it`);
  return value;
}
