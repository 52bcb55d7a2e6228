import { describe, expect, it } from "vitest";
import { nextShortcut } from "./shortcuts";

function key(name: string, overrides: Partial<KeyboardEvent> = {}) {
  return {
    key: name,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    defaultPrevented: false,
    target: null,
    ...overrides,
  };
}

describe("nextShortcut", () => {
  it("opens a page on g followed by its letter", () => {
    expect(nextShortcut(key("g"), false)).toEqual({ shortcut: null, pending: true });
    expect(nextShortcut(key("d"), true)).toEqual({ shortcut: { kind: "go", key: "d" }, pending: false });
    expect(nextShortcut(key("x"), true)).toEqual({ shortcut: null, pending: false });
  });

  it("p alone pauses; after g it opens Pipeline", () => {
    expect(nextShortcut(key("p"), false).shortcut).toEqual({ kind: "pause" });
    expect(nextShortcut(key("p"), true).shortcut).toEqual({ kind: "go", key: "p" });
  });

  it("ignores letters in text fields and key combinations", () => {
    const input = document.createElement("input");
    expect(nextShortcut(key("p", { target: input }), false).shortcut).toBeNull();
    expect(nextShortcut(key("p", { ctrlKey: true }), false).shortcut).toBeNull();
  });
});
