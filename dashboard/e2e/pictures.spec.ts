import { type Page, type Route, test } from "@playwright/test";
import * as answers from "../src/testing/responses";

const PAGES = {
  overview: "/",
  pipeline: "/pipeline",
  dlq: "/dlq?open=999",
  search: "/search?tenant=tenant_a&value=order-1042",
};
const STATES = ["data", "empty", "error", "stale", "loading"] as const;
const SCHEMES = ["light", "dark"] as const;
const WIDTHS = { 1440: 900, 390: 844 };

/** Long enough for a first answer, short enough for the next to fail soon. */
const STALE_AFTER_MS = 2_500;

type State = (typeof STATES)[number];

/** What each path answers when there is data, and when there is none yet. */
function bodies(state: State, step: number): Record<string, unknown> {
  const now = Date.now();
  const empty = state === "empty";
  return {
    "/admin/overview": empty ? answers.emptyOverview(now) : answers.overview(now),
    "/admin/health": answers.health(now),
    "/admin/top-event-types": empty
      ? { since: new Date(now).toISOString(), types: [] }
      : answers.topTypes(now),
    "/admin/series": empty ? answers.emptyThroughput(now) : answers.throughput(now),
    "/admin/kafka/lag": empty ? answers.idleLag(now) : answers.lag(now, step),
    "/admin/dlq/sample": empty ? answers.EMPTY_DLQ : answers.dlqPage(now),
    "/admin/event/search": empty ? answers.NOTHING_FOUND : answers.found(now),
  };
}

async function answer(route: Route, state: State, opened: number, step: number): Promise<void> {
  if (state === "loading") return;
  if (state === "error" || (state === "stale" && Date.now() - opened > STALE_AFTER_MS))
    return route.fulfill({ status: 503, json: answers.UNAVAILABLE });
  const body = bodies(state, step)[new URL(route.request().url()).pathname];
  await route.fulfill({
    contentType: "application/json",
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

async function settle(page: Page, state: State): Promise<void> {
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
          await page.route("**/admin/**", (route) => answer(route, state, opened, step++));
          await page.goto(path);
          await settle(page, state);
          await page.screenshot({
            path: `pictures/${name}-${state}-${scheme}-${width}.png`,
            fullPage: true,
          });
        });
      }
    }
  }
}
