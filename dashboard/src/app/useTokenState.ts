import { useSyncExternalStore } from "react";
import { subscribeToToken, type TokenState, tokenState } from "@/api/token";

export function useTokenState(): TokenState {
  return useSyncExternalStore(subscribeToToken, tokenState);
}
