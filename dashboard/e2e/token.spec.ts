import { expect, LOCKED_URL, TOKEN, test } from "./platform";

test("where the admin API wants a token, the page asks for it and keeps it until the tab closes", async ({
  page,
  complaints,
}) => {
  await page.goto(LOCKED_URL);
  const field = page.getByRole("textbox", { name: "Token" });
  await field.fill("not the token");
  await field.press("Enter");
  await expect(page.getByText("The admin API does not know that token.")).toBeVisible();
  await field.fill(TOKEN);
  await field.press("Enter");
  await expect(page.getByRole("region", { name: "Stored, last minute" })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("region", { name: "Stored, last minute" })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  // The browser itself reports each refusal; nothing else may have gone wrong.
  expect(complaints.filter((text) => !text.includes("status of 401"))).toEqual([]);
  complaints.length = 0;
});
