import { ActionIcon, Tooltip } from "@mantine/core";
import { IconPlayerPauseFilled, IconPlayerPlayFilled, IconRefresh } from "@tabler/icons-react";
import { anyFailed, type Freshness, oldestUpdate } from "@/domain/freshness";
import { useAutoRefresh } from "@/lib/hooks/autoRefresh";
import { useNow } from "@/lib/hooks/useNow";
import { relativeTime } from "@/lib/time";
import classes from "./RefreshControl.module.css";

/** The age of the page's data, and buttons to pause auto-refresh or to refresh at once. */
export function RefreshControl({ queries }: { queries: readonly Freshness[] }) {
  const { paused, togglePause, refresh } = useAutoRefresh();
  const pauseLabel = paused ? "Resume auto-refresh" : "Pause auto-refresh";
  const PauseIcon = paused ? IconPlayerPlayFilled : IconPlayerPauseFilled;
  return (
    <fieldset className={classes.control} aria-label="Auto-refresh">
      <span className={classes.text}>
        <span
          className={classes.dot}
          data-state={paused ? "paused" : anyFailed(queries) ? "failed" : "live"}
          aria-hidden
        />
        <LastUpdate queries={queries} paused={paused} />
      </span>
      <Tooltip label={`${pauseLabel} (p)`}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={pauseLabel}
          aria-pressed={paused}
          onClick={togglePause}
        >
          <PauseIcon size={14} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Refresh now (r)">
        <ActionIcon variant="subtle" color="gray" aria-label="Refresh now" onClick={refresh}>
          <IconRefresh size={16} />
        </ActionIcon>
      </Tooltip>
    </fieldset>
  );
}

function LastUpdate({ queries, paused }: { queries: readonly Freshness[]; paused: boolean }) {
  const now = useNow();
  const updated = oldestUpdate(queries);
  if (updated === null) return paused ? "Paused" : "No data yet";
  const age = relativeTime(updated, Math.max(now, updated));
  return paused ? `Paused, updated ${age}` : `Updated ${age}`;
}
