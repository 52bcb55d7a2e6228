import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page, Request } from "@playwright/test";
import { expect, sendEvent, TENANT, test } from "./platform";

let found = "";
let dead = "";

test.beforeAll(async ({ request }) => {
  found = (await sendEvent(request)).eventId;
  dead = (await sendEvent(request, { occurred_at: "yesterday" })).eventId;
});

/** How wide the page is now, in pixels. Its fonts may come later, so that this is asked until it is right. */
function widthOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth);
}

/** How many pixels of an element's text do not fit into it now. */
function cutOff(element: Locator): Promise<number> {
  return element.evaluate((shown) => shown.scrollWidth - shown.clientWidth);
}

/** Each page with data on it, and what to wait for. */
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
      const line = page.getByRole("row").filter({ hasText: dead });
      await line.getByRole("button").click();
      await expect(page.getByRole("region", { name: "Original message" })).toBeVisible();
    },
  },
  {
    name: "Search",
    open: async (page) => {
      await page.goto(`/search?tenant=${TENANT}&value=${found}`);
      await expect(page.getByText(/^Found/)).toBeVisible();
    },
  },
];

for (const { name, open } of PAGES) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`${name} can be used by everyone (${colorScheme})`, async ({ page }) => {
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

  test(`${name} fits a telephone`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open(page);
    await expect.poll(() => widthOf(page)).toBeLessThanOrEqual(390);
  });
}

test("what a producer names may be long and of any script", async ({ page, request }) => {
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

test("on a telephone code and time of a dead letter are whole, however long ago it failed", async ({
  page,
  request,
}) => {
  const event_id = `${"long-".repeat(20)}${Date.now()}`;
  await sendEvent(request, { event_id, schema_version: 99 });
  await page.route("**/admin/dlq/sample*", async (route) => {
    const answer = await route.fetch();
    const failed_at = new Date(Date.now() - 59 * 60_000).toISOString();
    const text = (await answer.text()).replace(/"failed_at":"[^"]*"/g, `"failed_at":"${failed_at}"`);
    await route.fulfill({ response: answer, body: text });
  });
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto("/dlq");
  const line = page.getByRole("row").filter({ hasText: event_id });
  await expect(line).toBeVisible();
  await expect(page.getByText("Event id", { exact: true })).toBeHidden();
  await expect.poll(() => cutOff(line.getByRole("cell", { name: "UNSUPPORTED_SCHEMA_VERSION" }))).toBe(0);
  await expect.poll(() => cutOff(line.getByRole("cell", { name: /min ago/ }))).toBe(0);
  // The next question may be under way when the page is closed.
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("a large number is whole on a telephone, too", async ({ page }) => {
  await page.route("**/admin/overview", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), dead_total: 1_234_567_890 } });
  });
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto("/");
  const value = page.getByText("1,234,567,890", { exact: true });
  await expect(value).toBeVisible();
  await expect.poll(() => cutOff(value)).toBe(0);
  // The next question may be under way when the page is closed.
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("where the navigation needs no menu it is there, at the narrowest too", async ({ page }) => {
  await page.setViewportSize({ width: 768, height: 1024 });
  await page.goto("/");
  await expect(page.getByRole("button", { name: "Menu" })).toBeHidden();
  await expect(page.getByRole("link", { name: "Pipeline" })).toBeVisible();
});

test("on a telephone the navigation opens, leads on and closes", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/");
  await expect(page.getByRole("link", { name: "Pipeline" })).toBeHidden();
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Pipeline" }).click();
  await expect(page.getByRole("heading", { name: "Pipeline", level: 1 })).toBeVisible();
  await expect(page.getByRole("link", { name: "Pipeline" })).toBeHidden();
});

test("all pages are reached by keyboard alone", async ({ page }) => {
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

test("the chosen colours are kept", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/");
  await page.getByText("Dark", { exact: true }).locator("..").click();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});

test("while paused nothing is asked, whatever the time", async ({ page }) => {
  const waiting = new Set<Request>();
  page.on("request", (request) => waiting.add(request));
  page.on("requestfinished", (request) => waiting.delete(request));
  page.on("requestfailed", (request) => waiting.delete(request));
  await page.clock.install();
  await page.goto("/");
  await expect(page.getByText(/^Updated/)).toBeVisible();
  await page.keyboard.press("p");
  await expect(page.getByText(/^Paused/)).toBeVisible();
  // What was asked before would be overdue by the clock that jumps, and be asked again.
  await expect.poll(() => waiting.size).toBe(0);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.clock.runFor(60_000);
  await expect(page.getByText(/^Paused, \d+ min ago/)).toBeVisible();
  expect(asked).toEqual([]);
  await page.keyboard.press("p");
  await page.clock.runFor(4_000);
  await expect.poll(() => asked.length).toBeGreaterThan(0);
});
