import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll, vi } from "vitest";
import { mockServer } from "./mockAdminApi";

// jsdom has neither layout nor canvas: sizes are fixed here, and charts are tested in the browser.
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

// Generous, because the whole test suite runs on the same machine at the same time.
configure({ asyncUtilTimeout: 60_000 });

beforeAll(() => mockServer.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  mockServer.resetHandlers();
  sessionStorage.clear();
});
afterAll(() => mockServer.close());
