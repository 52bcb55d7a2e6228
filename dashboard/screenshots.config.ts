import { defineConfig } from "@playwright/test";
import base from "./playwright.config";

/** `npm run screenshots`: every page in every state, scheme and width, as PNG files in screenshots/. */
export default defineConfig(base, {
  testIgnore: [],
  testMatch: "screenshots.spec.ts",
  fullyParallel: true,
  workers: 2,
  use: { baseURL: "http://127.0.0.1:4173" },
  webServer: {
    command: "npx vite preview --host 127.0.0.1 --port 4173 --strictPort",
    url: "http://127.0.0.1:4173",
    reuseExistingServer: false,
  },
});
