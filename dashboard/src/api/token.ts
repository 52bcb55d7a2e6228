import { useSyncExternalStore } from "react";

/** The Bearer token of this browser tab. It ends with the tab and is sent to this server only. */
const KEY = "event-platform.token";

type State = { token: string | null; asked: boolean };

let state: State = { token: sessionStorage.getItem(KEY), asked: false };
const listeners = new Set<() => void>();

function change(next: State): void {
  state = next;
  for (const listener of listeners) listener();
}

export function currentToken(): string | null {
  return state.token;
}

/** The server refused us: ask the person for a token. */
export function askForToken(): void {
  if (!state.asked) change({ ...state, asked: true });
}

export function giveToken(token: string): void {
  sessionStorage.setItem(KEY, token);
  change({ token, asked: false });
}

/** The person closed the dialog; the next refusal opens it again. */
export function stopAsking(): void {
  change({ ...state, asked: false });
}

export function useTokenState(): State {
  return useSyncExternalStore(subscribe, () => state);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
