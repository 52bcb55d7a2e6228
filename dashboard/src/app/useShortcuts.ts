import { useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { searchFilters } from "@/features/search/filters";
import { useLive } from "@/lib/hooks/autoRefresh";
import { PAGES } from "./pages";
import { nextShortcut, type Shortcut } from "./shortcuts";

/** Listens for the keyboard shortcuts; `onHelp` opens or closes their list. */
export function useShortcuts(onHelp: () => void): void {
  const act = useActions(onHelp);
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
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

function useActions(onHelp: () => void): (shortcut: Shortcut) => void {
  const navigate = useNavigate();
  const { togglePause, refresh } = useLive();
  const { toggleColorScheme } = useMantineColorScheme();
  return (shortcut) => {
    if (shortcut.kind === "go") return void navigate({ to: pageOf(shortcut.key) });
    if (shortcut.kind === "search")
      return void focusSearch(navigate({ to: "/search", search: (now) => searchFilters(now) }));
    return { pause: togglePause, refresh, theme: toggleColorScheme, help: onHelp }[shortcut.kind]();
  };
}

function pageOf(key: string) {
  return PAGES.find((page) => page.key === key)?.to ?? "/";
}

/** The field is there once the page is; the page's code may still be on its way. */
async function focusSearch(arrived: Promise<void>): Promise<void> {
  await arrived;
  requestAnimationFrame(() => document.querySelector<HTMLInputElement>("[data-search-field]")?.focus());
}
