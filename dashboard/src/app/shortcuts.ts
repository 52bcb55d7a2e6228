import { PAGES } from "./pages";

export type Shortcut =
  | { kind: "go"; key: string }
  | { kind: "search" | "pause" | "refresh" | "theme" | "help" };

type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "defaultPrevented" | "target">;

const SINGLE: Readonly<Record<string, Shortcut>> = {
  "/": { kind: "search" },
  p: { kind: "pause" },
  r: { kind: "refresh" },
  t: { kind: "theme" },
  "?": { kind: "help" },
};

/** What all shortcuts do, for the list of them. */
export const SHORTCUTS: readonly { keys: readonly string[]; does: string }[] = [
  ...PAGES.map((page) => ({ keys: ["g", page.key], does: `Go to ${page.label}` })),
  { keys: ["/"], does: "Search for an event" },
  { keys: ["p"], does: "Pause or resume refreshing" },
  { keys: ["r"], does: "Refresh now" },
  { keys: ["t"], does: "Switch between light and dark" },
  { keys: ["?"], does: "Show or hide this list" },
];

/** The shortcut that a key completes; `pending` says that the key before was `g`. */
export function nextShortcut(event: Key, pending: boolean): { shortcut: Shortcut | null; pending: boolean } {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) {
    return { shortcut: null, pending: false };
  }
  if (pending) {
    const known = PAGES.some((page) => page.key === event.key);
    return { shortcut: known ? { kind: "go", key: event.key } : null, pending: false };
  }
  if (event.key === "g") return { shortcut: null, pending: true };
  return { shortcut: SINGLE[event.key] ?? null, pending: false };
}

/** Single letters must not be taken from someone who writes. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}
