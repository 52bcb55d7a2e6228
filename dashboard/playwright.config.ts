import { defineConfig } from "@playwright/test";

/** Tests a running platform: BASE_URL is its dashboard, CHROMIUM_PATH a browser to use instead of Playwright's. */
const executablePath = process.env.CHROMIUM_PATH;

export default defineConfig({
  testDir: "e2e",
  testIgnore: "screenshots.spec.ts",
  fullyParallel: false,
  workers: 1,
  forbidOnly: true,
  retries: 0,
  // Generous, for busy machines: these tests do not measure durations.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  reporter: "list",
  use: {
    baseURL: process.env.BASE_URL ?? "http://127.0.0.1:8081",
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      ...(executablePath && { executablePath }),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    },
    permissions: ["clipboard-read", "clipboard-write"],
    trace: "off",
  },
});
