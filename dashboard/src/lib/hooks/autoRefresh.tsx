import {
  type QueryKey,
  type UseQueryOptions,
  type UseQueryResult,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";

/** How often a page polls the admin API unless paused. */
export const REFRESH_INTERVAL_MS = 3_000;

type AutoRefresh = { paused: boolean; togglePause: () => void; refresh: () => void };

const AutoRefreshContext = createContext<AutoRefresh | null>(null);

/** Holds whether pages refresh automatically: one switch for all, so that a pause survives navigation. */
export function AutoRefreshProvider({ children }: { children: ReactNode }) {
  const [paused, setPaused] = useState(false);
  const client = useQueryClient();
  const togglePause = useCallback(() => setPaused((current) => !current), []);
  const refresh = useCallback(() => void client.refetchQueries({ type: "active" }), [client]);
  const value = useMemo(() => ({ paused, togglePause, refresh }), [paused, togglePause, refresh]);
  return <AutoRefreshContext value={value}>{children}</AutoRefreshContext>;
}

export function useAutoRefresh(): AutoRefresh {
  const value = useContext(AutoRefreshContext);
  if (!value) throw new Error("useAutoRefresh needs an AutoRefreshProvider around it");
  return value;
}

/** `useQuery` that polls every `intervalMs`, unless auto-refresh is paused. */
export function usePollingQuery<T, K extends QueryKey>(
  options: UseQueryOptions<T, Error, T, K>,
  intervalMs: number = REFRESH_INTERVAL_MS,
): UseQueryResult<T> {
  const { paused } = useAutoRefresh();
  return useQuery({
    ...options,
    refetchInterval: paused ? false : intervalMs,
    refetchOnWindowFocus: !paused,
  });
}
