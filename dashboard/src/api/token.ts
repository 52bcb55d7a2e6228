/** The Bearer token of this browser tab: kept until the tab closes, and sent to this server only. */
const STORAGE_KEY = "event-platform.token";

/** `requested`: the server rejected the current token (or its absence), and the user should enter one. */
export type TokenState = { token: string | null; requested: boolean };

let state: TokenState = { token: sessionStorage.getItem(STORAGE_KEY), requested: false };
const listeners = new Set<() => void>();

export function tokenState(): TokenState {
  return state;
}

export function currentToken(): string | null {
  return state.token;
}

/** Asks the user for a token, because the server rejected a request. */
export function requestToken(): void {
  if (!state.requested) setState({ ...state, requested: true });
}

export function saveToken(token: string): void {
  sessionStorage.setItem(STORAGE_KEY, token);
  setState({ token, requested: false });
}

/** The user closed the dialog; the next rejected request opens it again. */
export function dismissTokenRequest(): void {
  setState({ ...state, requested: false });
}

/** Calls `listener` on every change of the state, until the returned function is called. */
export function subscribeToToken(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function setState(next: TokenState): void {
  state = next;
  for (const listener of listeners) listener();
}
