import { type Page, type Route, test } from "@playwright/test";
import * as responses from "../src/testing/responses";

const PAGES = {
  overview: "/",
  pipeline: "/pipeline",
  dlq: "/dlq?open=999",
  search: "/search?tenant=tenant_a&value=order-1042",
};
const STATES = ["data", "empty", "error", "stale", "loading"] as const;
const SCHEMES = ["light", "dark"] as const;
const WIDTHS = { 1440: 900, 390: 844 };

/** Responses succeed for this long: enough for a first one, before the next poll. */
const STALE_AFTER_MS = 2_500;

type State = (typeof STATES)[number];

/** The response bodies by path, with data or empty. */
function bodies(state: State, step: number): Record<string, unknown> {
  const now = Date.now();
  const empty = state === "empty";
  return {
    "/admin/overview": empty ? responses.emptyOverview(now) : responses.overview(now),
    "/admin/health": responses.health(now),
    "/admin/top-event-types": empty
      ? { since: new Date(now).toISOString(), types: [] }
      : responses.topEventTypes(now),
    "/admin/series": empty ? responses.emptyThroughput(now) : responses.throughput(now),
    "/admin/kafka/lag": empty ? responses.idleLag(now) : responses.lag(now, step),
    "/admin/dlq/sample": empty ? responses.EMPTY_DLQ : responses.dlqPage(now),
    "/admin/event/search": empty ? responses.EMPTY_SEARCH : responses.eventSearch(now),
  };
}

async function respond(route: Route, state: State, opened: number, step: number): Promise<void> {
  if (state === "loading") return;
  if (state === "error" || (state === "stale" && Date.now() - opened > STALE_AFTER_MS))
    return route.fulfill({ status: 503, json: responses.UNAVAILABLE });
  const body = bodies(state, step)[new URL(route.request().url()).pathname];
  await route.fulfill({
    contentType: "application/json",
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

async function waitUntilShown(page: Page, state: State): Promise<void> {
  if (state === "stale") await page.getByRole("alert").waitFor();
  else if (state === "data") await page.waitForTimeout(7_000);
  else if (state === "error") await page.getByRole("button", { name: "Try again" }).first().waitFor();
  else await page.waitForTimeout(800);
}

for (const [name, path] of Object.entries(PAGES)) {
  for (const state of STATES) {
    for (const scheme of SCHEMES) {
      for (const [width, height] of Object.entries(WIDTHS)) {
        test(`${name} ${state} ${scheme} ${width}`, async ({ page }) => {
          let step = 0;
          const opened = Date.now();
          await page.emulateMedia({ colorScheme: scheme });
          await page.setViewportSize({ width: Number(width), height });
          await page.route("**/admin/**", (route) => respond(route, state, opened, step++));
          await page.goto(path);
          await waitUntilShown(page, state);
          await page.screenshot({
            path: `screenshots/${name}-${state}-${scheme}-${width}.png`,
            fullPage: true,
          });
        });
      }
    }
  }
}
