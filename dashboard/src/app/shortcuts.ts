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

/** All shortcuts with descriptions, for the help dialog. */
export const SHORTCUTS: readonly { keys: readonly string[]; description: string }[] = [
  ...PAGES.map((page) => ({ keys: ["g", page.key], description: `Go to ${page.label}` })),
  { keys: ["/"], description: "Search for an event" },
  { keys: ["p"], description: "Pause or resume auto-refresh" },
  { keys: ["r"], description: "Refresh now" },
  { keys: ["t"], description: "Switch between light and dark" },
  { keys: ["?"], description: "Show or hide this list" },
];

/** The shortcut that a key press completes, if any; `pending`: the previous key was `g`. */
export function nextShortcut(event: Key, pending: boolean): { shortcut: Shortcut | null; pending: boolean } {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) {
    return { shortcut: null, pending: false };
  }
  if (pending) {
    const isPageKey = PAGES.some((page) => page.key === event.key);
    return { shortcut: isPageKey ? { kind: "go", key: event.key } : null, pending: false };
  }
  if (event.key === "g") return { shortcut: null, pending: true };
  return { shortcut: SINGLE[event.key] ?? null, pending: false };
}

/** In a text field, single letters are input. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}
