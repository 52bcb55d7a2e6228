import { expect, LOCKED_URL, TOKEN, test } from "./platform";

test("the page requests the token that the admin API requires, and keeps it until the tab closes", async ({
  page,
  browserErrors,
}) => {
  await page.goto(LOCKED_URL);
  const field = page.getByRole("textbox", { name: "Token" });
  await field.fill("not the token");
  await field.press("Enter");
  await expect(page.getByText("The admin API rejected this token.")).toBeVisible();
  await field.fill(TOKEN);
  await field.press("Enter");
  await expect(page.getByRole("region", { name: "Stored, last minute" })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("region", { name: "Stored, last minute" })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  // The browser logs each 401; there must be no other error.
  expect(browserErrors.filter((text) => !text.includes("status of 401"))).toEqual([]);
  browserErrors.length = 0;
});
