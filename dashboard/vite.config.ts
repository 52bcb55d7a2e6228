import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const ADMIN_API = process.env.ADMIN_URL ?? "http://127.0.0.1:8081";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // The Python package serves the pages from there, and the wheel contains them.
    outDir: "../src/event_platform/admin/dashboard",
    emptyOutDir: true,
    // The Content-Security-Policy does not allow data: URIs for scripts, styles and fonts.
    assetsInlineLimit: 0,
    // Mantine, React and the router form one chunk of 550 kB (175 kB compressed), which changes only with their versions.
    chunkSizeWarningLimit: 700,
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: { "/admin": { target: ADMIN_API, changeOrigin: true } },
  },
  test: {
    restoreMocks: true,
    testTimeout: 240_000,
    projects: [
      { extends: true, test: { name: "logic", environment: "node", include: ["src/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "pages",
          environment: "jsdom",
          include: ["src/**/*.test.tsx"],
          setupFiles: ["src/testing/setup.ts"],
        },
      },
    ],
  },
});
