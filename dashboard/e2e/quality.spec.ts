import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page, Request } from "@playwright/test";
import { expect, sendEvent, TENANT, test } from "./platform";

let storedId = "";
let deadId = "";

test.beforeAll(async ({ request }) => {
  storedId = (await sendEvent(request)).eventId;
  deadId = (await sendEvent(request, { occurred_at: "yesterday" })).eventId;
});

/** The current width of the page in pixels. Poll it, because fonts load late. */
function widthOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth);
}

/** By how many pixels an element's text is currently truncated. */
function truncatedPixels(element: Locator): Promise<number> {
  return element.evaluate((node) => node.scrollWidth - node.clientWidth);
}

/** Each page with data, and what shows that it is loaded. */
const PAGES: readonly { name: string; open: (page: Page) => Promise<void> }[] = [
  {
    name: "Overview",
    open: async (page) => {
      await page.goto("/");
      await expect(page.getByRole("region", { name: "Stored, last minute" })).toBeVisible();
      await expect(page.getByRole("region", { name: "Health" }).getByText("redis")).toBeVisible();
    },
  },
  {
    name: "Pipeline",
    open: async (page) => {
      await page.goto("/pipeline");
      await expect(page.getByRole("region", { name: "Lag of each partition" })).toBeVisible();
    },
  },
  {
    name: "Dead letters",
    open: async (page) => {
      await page.goto("/dlq");
      const row = page.getByRole("row").filter({ hasText: deadId });
      await row.getByRole("button").click();
      await expect(page.getByRole("region", { name: "Original record" })).toBeVisible();
    },
  },
  {
    name: "Search",
    open: async (page) => {
      await page.goto(`/search?tenant=${TENANT}&value=${storedId}`);
      await expect(page.getByText(/^Found/)).toBeVisible();
    },
  },
];

for (const { name, open } of PAGES) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`${name} is accessible (${colorScheme})`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await open(page);
      const { violations } = await new AxeBuilder({ page })
        .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
        .analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual(
        [],
      );
    });
  }

  test(`${name} fits a phone screen`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open(page);
    await expect.poll(() => widthOf(page)).toBeLessThanOrEqual(390);
  });
}

test("event types and member names may be long and in any script", async ({ page, request }) => {
  const event_type = "checkout.".repeat(22);
  const { eventId } = await sendEvent(request, { event_type, payload: { שם: "שלום" } });
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto(`/search?tenant=${TENANT}&value=${eventId}`);
  await expect(page.getByRole("heading", { name: event_type })).toBeVisible();
  await expect.poll(() => widthOf(page)).toBeLessThanOrEqual(360);
  const name = await page.getByText("שם", { exact: true }).boundingBox();
  const value = await page.getByText('"שלום"').boundingBox();
  expect(name?.x).toBeLessThan(value?.x ?? 0);
});

test("code and time of a dead letter are not truncated on a phone, however old it is", async ({
  page,
  request,
}) => {
  const event_id = `${"long-".repeat(20)}${Date.now()}`;
  await sendEvent(request, { event_id, schema_version: 99 });
  await page.route("**/admin/dlq/sample*", async (route) => {
    const response = await route.fetch();
    const failed_at = new Date(Date.now() - 59 * 60_000).toISOString();
    const text = (await response.text()).replace(/"failed_at":"[^"]*"/g, `"failed_at":"${failed_at}"`);
    await route.fulfill({ response, body: text });
  });
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto("/dlq");
  const row = page.getByRole("row").filter({ hasText: event_id });
  await expect(row).toBeVisible();
  await expect(page.getByText("Event id", { exact: true })).toBeHidden();
  await expect
    .poll(() => truncatedPixels(row.getByRole("cell", { name: "UNSUPPORTED_SCHEMA_VERSION" })))
    .toBe(0);
  await expect.poll(() => truncatedPixels(row.getByRole("cell", { name: /min ago/ }))).toBe(0);
  // The next request may be in flight when the page closes.
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("a large number is not truncated on a phone", async ({ page }) => {
  await page.route("**/admin/overview", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), dead_total: 1_234_567_890 } });
  });
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto("/");
  const value = page.getByText("1,234,567,890", { exact: true });
  await expect(value).toBeVisible();
  await expect.poll(() => truncatedPixels(value)).toBe(0);
  // The next request may be in flight when the page closes.
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("the navigation is visible without the menu from its breakpoint on", async ({ page }) => {
  await page.setViewportSize({ width: 768, height: 1024 });
  await page.goto("/");
  await expect(page.getByRole("button", { name: "Menu" })).toBeHidden();
  await expect(page.getByRole("link", { name: "Pipeline" })).toBeVisible();
});

test("on a phone the menu opens, navigates and closes", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/");
  await expect(page.getByRole("link", { name: "Pipeline" })).toBeHidden();
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Pipeline" }).click();
  await expect(page.getByRole("heading", { name: "Pipeline", level: 1 })).toBeVisible();
  await expect(page.getByRole("link", { name: "Pipeline" })).toBeHidden();
});

test("all pages can be reached by keyboard alone", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  for (const [key, title] of Object.entries({
    p: "Pipeline",
    d: "Dead letters",
    s: "Search",
    o: "Overview",
  })) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  }
  await page.keyboard.press("/");
  await expect(page.getByLabel("Event id")).toBeFocused();
});

test("the chosen colour scheme survives a reload", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/");
  await page.getByText("Dark", { exact: true }).locator("..").click();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});

test("no requests are sent while paused, however long", async ({ page }) => {
  const pending = new Set<Request>();
  page.on("request", (request) => pending.add(request));
  page.on("requestfinished", (request) => pending.delete(request));
  page.on("requestfailed", (request) => pending.delete(request));
  await page.clock.install();
  await page.goto("/");
  await expect(page.getByText(/^Updated/)).toBeVisible();
  await page.keyboard.press("p");
  await expect(page.getByText(/^Paused/)).toBeVisible();
  // A pending request would time out when the clock jumps, and be retried.
  await expect.poll(() => pending.size).toBe(0);
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.clock.runFor(60_000);
  await expect(page.getByText(/^Paused, updated \d+ min ago/)).toBeVisible();
  expect(requests).toEqual([]);
  await page.keyboard.press("p");
  await page.clock.runFor(4_000);
  await expect.poll(() => requests.length).toBeGreaterThan(0);
});
