import {
  type QueryKey,
  type UseQueryOptions,
  type UseQueryResult,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";

/** How often a page asks again while nobody paused it. */
export const REFRESH_MS = 3_000;

type Live = { paused: boolean; togglePause: () => void; refresh: () => void };

const LiveContext = createContext<Live | null>(null);

/** Whether the pages refresh by themselves. One switch for all pages, so that a pause survives a look elsewhere. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [paused, setPaused] = useState(false);
  const client = useQueryClient();
  const togglePause = useCallback(() => setPaused((was) => !was), []);
  const refresh = useCallback(() => void client.refetchQueries({ type: "active" }), [client]);
  const live = useMemo(() => ({ paused, togglePause, refresh }), [paused, togglePause, refresh]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("useLive needs a LiveProvider around it");
  return live;
}

/** `useQuery` that asks again every few seconds, unless paused. */
export function useLiveQuery<T, K extends QueryKey>(
  options: UseQueryOptions<T, Error, T, K>,
  everyMs: number = REFRESH_MS,
): UseQueryResult<T> {
  const { paused } = useLive();
  return useQuery({ ...options, refetchInterval: paused ? false : everyMs, refetchOnWindowFocus: !paused });
}
