import { useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { searchFilters } from "@/features/search/filters";
import { useAutoRefresh } from "@/lib/hooks/autoRefresh";
import { PAGES } from "./pages";
import { nextShortcut, type Shortcut } from "./shortcuts";

/** Listens for keyboard shortcuts; `onHelp` opens or closes the help dialog. */
export function useShortcuts(onHelp: () => void): void {
  const run = useShortcutActions(onHelp);
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    let pending = false;
    const onKey = (event: KeyboardEvent) => {
      const { shortcut, pending: next } = nextShortcut(event, pending);
      pending = next;
      if (!shortcut) return;
      event.preventDefault();
      latest.current(shortcut);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

function useShortcutActions(onHelp: () => void): (shortcut: Shortcut) => void {
  const navigate = useNavigate();
  const { togglePause, refresh } = useAutoRefresh();
  const { toggleColorScheme } = useMantineColorScheme();
  return (shortcut) => {
    if (shortcut.kind === "go") return void navigate({ to: pageOf(shortcut.key) });
    if (shortcut.kind === "search")
      return void focusSearch(navigate({ to: "/search", search: (current) => searchFilters(current) }));
    return { pause: togglePause, refresh, theme: toggleColorScheme, help: onHelp }[shortcut.kind]();
  };
}

function pageOf(key: string) {
  return PAGES.find((page) => page.key === key)?.to ?? "/";
}

/** Waits for the page, whose code may still be loading, because only then the field exists. */
async function focusSearch(navigation: Promise<void>): Promise<void> {
  await navigation;
  requestAnimationFrame(() => document.querySelector<HTMLInputElement>("[data-search-field]")?.focus());
}
