import { delay, HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import * as answers from "./responses";

/** The admin API as unit tests see it: it answers as if events flowed, unless a test says otherwise. */
const ANSWERS: Readonly<Record<string, () => unknown>> = {
  "/admin/overview": () => answers.overview(Date.now()),
  "/admin/health": () => answers.health(Date.now()),
  "/admin/top-event-types": () => answers.topTypes(Date.now()),
  "/admin/series": () => answers.throughput(Date.now()),
  "/admin/kafka/lag": () => answers.lag(Date.now()),
  "/admin/dlq/sample": () => answers.dlqPage(Date.now()),
  "/admin/event/search": () => answers.found(Date.now()),
  "/admin/event/by-idempotency": () => answers.found(Date.now()),
};

export const admin = setupServer(
  ...Object.entries(ANSWERS).map(([path, make]) => http.get(path, () => json(make()))),
);

/** From now on `path` answers this; text is sent as it is. */
export function answerWith(path: string, body: unknown, status = 200): void {
  admin.use(http.get(path, () => json(body, status)));
}

/** From now on everything answers 503. */
export function failAll(): void {
  admin.use(http.get("/admin/*", () => json(answers.UNAVAILABLE, 503)));
}

/** From now on nothing answers. */
export function hangAll(): void {
  admin.use(http.get("/admin/*", () => delay("infinite")));
}

/** The queries with which `path` is asked from now on, oldest first. */
export function recordQueries(path: string): string[] {
  const asked: string[] = [];
  admin.use(
    http.get(path, ({ request }) => {
      asked.push(new URL(request.url).search);
      return undefined;
    }),
  );
  return asked;
}

function json(body: unknown, status = 200): HttpResponse<string> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new HttpResponse(text, { status, headers: { "Content-Type": "application/json" } });
}
