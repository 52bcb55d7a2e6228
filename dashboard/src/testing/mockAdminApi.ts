import { delay, HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import * as responses from "./responses";

/** By default every endpoint responds as if events were flowing. */
const DEFAULT_RESPONSES: Readonly<Record<string, () => unknown>> = {
  "/admin/overview": () => responses.overview(Date.now()),
  "/admin/health": () => responses.health(Date.now()),
  "/admin/top-event-types": () => responses.topEventTypes(Date.now()),
  "/admin/series": () => responses.throughput(Date.now()),
  "/admin/kafka/lag": () => responses.lag(Date.now()),
  "/admin/dlq/sample": () => responses.dlqPage(Date.now()),
  "/admin/event/search": () => responses.eventSearch(Date.now()),
  "/admin/event/by-idempotency": () => responses.eventSearch(Date.now()),
};

/** The admin API of the unit tests. */
export const mockServer = setupServer(
  ...Object.entries(DEFAULT_RESPONSES).map(([path, make]) => http.get(path, () => json(make()))),
);

/** From now on `path` responds with this body; a string is sent unchanged. */
export function respondWith(path: string, body: unknown, status = 200): void {
  mockServer.use(http.get(path, () => json(body, status)));
}

/** From now on every endpoint responds with 503. */
export function respondUnavailable(): void {
  mockServer.use(http.get("/admin/*", () => json(responses.UNAVAILABLE, 503)));
}

/** From now on no endpoint responds. */
export function neverRespond(): void {
  mockServer.use(http.get("/admin/*", () => delay("infinite")));
}

/** The query strings of all requests for `path` from now on, oldest first. */
export function recordQueries(path: string): string[] {
  const queries: string[] = [];
  mockServer.use(
    http.get(path, ({ request }) => {
      queries.push(new URL(request.url).search);
      return undefined;
    }),
  );
  return queries;
}

function json(body: unknown, status = 200): HttpResponse<string> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new HttpResponse(text, { status, headers: { "Content-Type": "application/json" } });
}
