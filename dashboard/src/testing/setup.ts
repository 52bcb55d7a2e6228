import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll, vi } from "vitest";
import { admin } from "./mockAdminApi";

// jsdom lays nothing out and draws nothing: sizes are given, and charts are left to the browser's tests.
const ROW_PX = 20;
const FRAME_PX = 600;

vi.mock("uplot", () => ({
  default: class {
    setData() {}
    setSize() {}
    destroy() {}
  },
}));

for (const size of ["offsetHeight", "clientHeight"]) {
  Object.defineProperty(HTMLElement.prototype, size, {
    configurable: true,
    get(this: HTMLElement) {
      return this.dataset.index === undefined ? FRAME_PX : ROW_PX;
    },
  });
}

window.matchMedia = (query) => ({
  matches: false,
  media: query,
  onchange: null,
  addListener: () => undefined,
  removeListener: () => undefined,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  dispatchEvent: () => false,
});
window.scrollTo = () => undefined;
window.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

// A machine that runs everything else beside may take its time.
configure({ asyncUtilTimeout: 60_000 });

beforeAll(() => admin.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  admin.resetHandlers();
  sessionStorage.clear();
});
afterAll(() => admin.close());
