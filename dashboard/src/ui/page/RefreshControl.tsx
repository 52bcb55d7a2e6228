import { ActionIcon, Tooltip } from "@mantine/core";
import { IconPlayerPauseFilled, IconPlayerPlayFilled, IconRefresh } from "@tabler/icons-react";
import { anyFailed, type Freshness, oldestUpdate } from "@/domain/freshness";
import { useLive } from "@/lib/hooks/autoRefresh";
import { useNow } from "@/lib/hooks/useNow";
import { relativeTime } from "@/lib/time";
import classes from "./RefreshControl.module.css";

/** How old the page is, and the buttons to stop it from renewing itself or to renew it at once. */
export function LiveControl({ queries }: { queries: readonly Freshness[] }) {
  const { paused, togglePause, refresh } = useLive();
  const pause = paused ? "Resume refreshing" : "Pause refreshing";
  const Shape = paused ? IconPlayerPlayFilled : IconPlayerPauseFilled;
  return (
    <fieldset className={classes.control} aria-label="Refreshing">
      <span className={classes.words}>
        <span
          className={classes.dot}
          data-state={paused ? "paused" : anyFailed(queries) ? "failed" : "live"}
          aria-hidden
        />
        <Age queries={queries} paused={paused} />
      </span>
      <Tooltip label={`${pause} (p)`}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={pause}
          aria-pressed={paused}
          onClick={togglePause}
        >
          <Shape size={14} />
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

function Age({ queries, paused }: { queries: readonly Freshness[]; paused: boolean }) {
  const now = useNow();
  const updated = oldestUpdate(queries);
  if (updated === null) return paused ? "Paused" : "No data yet";
  const age = relativeTime(updated, Math.max(now, updated));
  return paused ? `Paused, ${age}` : `Updated ${age}`;
}
