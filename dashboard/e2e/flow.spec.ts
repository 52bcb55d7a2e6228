import { expect, sendEvent, sendText, TENANT, test } from "./platform";

test("an accepted event appears on the Search page, complete and unchanged", async ({ page, request }) => {
  const eventId = `e2e-${Date.now()}`;
  const text = `{"event_id":"${eventId}","event_type":"order.created","schema_version":1,
    "occurred_at":"2026-01-01T00:00:00Z","source":"web","payload":{"id":12345678901234567890,"ratio":0.10,
    "note":"<img src=x onerror=alert(1)><script>alert(2)</script>"}}`;
  page.on("dialog", () => expect(false, "markup in a payload ran").toBe(true));
  const sent = await sendText(request, eventId, text);
  await page.goto(`/search?tenant=${TENANT}&value=${eventId}`);
  const row = page.getByRole("region", { name: "order.created" });
  await expect(row).toBeVisible();
  await expect(row.getByText(sent.requestId)).toBeVisible();
  await expect(row.getByText("12345678901234567890", { exact: true })).toBeVisible();
  await expect(row.getByText("0.10", { exact: true })).toBeVisible();
  await expect(row.getByText("<img src=x onerror=alert(1)>")).toBeVisible();
  await expect(row.getByText("source")).toBeVisible();
  expect(await row.locator("img, script").count()).toBe(0);
});

test("an event is found by its idempotency key and by its request id", async ({ page, request }) => {
  const sent = await sendEvent(request);
  await page.goto("/search");
  await page.getByLabel("Find by").selectOption("Idempotency key");
  await page.getByLabel("Tenant").fill(TENANT);
  await page.getByLabel("Idempotency key").last().fill(sent.key);
  await page.keyboard.press("Enter");
  await expect(page.getByText(sent.eventId)).toBeVisible();
  await page.goto(`/search?by=request_id&value=${sent.requestId}`);
  await expect(page.getByText(sent.eventId)).toBeVisible();
});

test("an event that was never sent is not found", async ({ page }) => {
  await page.goto(`/search?tenant=${TENANT}&value=never-sent`);
  await expect(page.getByText("No event with this event id")).toBeVisible();
});

test("the Overview counts events, also by type", async ({ page, request }) => {
  const type = `e2e.${Date.now()}`;
  await sendEvent(request, { event_type: type });
  await page.goto("/");
  const minute = page.getByRole("region", { name: "Stored, last minute" });
  await expect(minute).toContainText(/[1-9]/);
  const types = page.getByRole("region", { name: "Top event types" });
  await expect(types.getByText("order.created").first()).toBeVisible();
  await expect(
    page.getByRole("img", { name: /^Events stored, duplicate and dead/ }).locator("canvas"),
  ).toBeVisible();
  for (const name of ["postgres", "redis", "kafka", "ingest", "processor"]) {
    await expect(page.getByRole("region", { name: "Health" }).getByText(name, { exact: true })).toBeVisible();
  }
});

test("a malformed event appears among the dead letters, with its reason and original record", async ({
  page,
  request,
}) => {
  const { eventId } = await sendEvent(request, { event_type: undefined });
  await page.goto("/dlq");
  const row = page.getByRole("row").filter({ hasText: eventId });
  await expect(row).toContainText("missing event_type");
  await row.getByRole("button").click();
  await expect(page.getByRole("region", { name: "Original record" })).toContainText(eventId);
  await expect(page).toHaveURL(/open=/);
});

test("filters live in the URL and survive a reload", async ({ page, request }) => {
  const { eventId } = await sendEvent(request, { schema_version: 99 });
  await page.goto("/dlq");
  await expect(page.getByRole("row").filter({ hasText: eventId })).toBeVisible();
  await page.getByRole("combobox", { name: "Reason" }).click();
  await page.getByRole("option", { name: /^UNSUPPORTED_SCHEMA_VERSION/ }).click();
  await page.getByLabel("Tenant").fill(TENANT);
  await expect(page).toHaveURL(`/dlq?code=UNSUPPORTED_SCHEMA_VERSION&tenant=${TENANT}`);
  await page.reload();
  await expect(page.getByRole("row").filter({ hasText: eventId })).toBeVisible();
  await expect(page.getByRole("combobox", { name: "Reason" })).toHaveValue(/^UNSUPPORTED_SCHEMA_VERSION/);
  await page.getByLabel("Tenant").fill("nobody");
  await expect(page.getByText("No dead letter matches")).toBeVisible();
});

test("Copy copies the payload as it is stored", async ({ page, request }) => {
  const { eventId } = await sendEvent(request, { payload: { copied: [1, 2] } });
  await page.goto(`/search?tenant=${TENANT}&value=${eventId}`);
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(clipboard).toContain("copied");
  expect(JSON.parse(await clipboard())).toEqual({ copied: [1, 2] });
});
