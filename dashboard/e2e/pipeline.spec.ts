import { expect, PROCESSOR_PID, sendEvent, test } from "./platform";

const WAITING = 12;

test("the lag grows while the processor is stopped, and drains afterwards", async ({ page, request }) => {
  await page.goto("/pipeline");
  const lag = page.getByRole("region", { name: "Lag", exact: true });
  await expect(lag.getByText("0", { exact: true })).toBeVisible();
  // Signals the process group, because the workers may be processes of their own.
  process.kill(-PROCESSOR_PID, "SIGSTOP");
  try {
    for (let sent = 0; sent < WAITING; sent += 1) await sendEvent(request);
    await expect(lag.getByText(String(WAITING), { exact: true })).toBeVisible();
    await expect(page.getByRole("region", { name: "Lag of each partition" }).getByRole("row")).toHaveCount(7);
  } finally {
    process.kill(-PROCESSOR_PID, "SIGCONT");
  }
  await expect(lag.getByText("0", { exact: true })).toBeVisible();
  await expect(page.getByText("Drained")).toBeVisible();
});
