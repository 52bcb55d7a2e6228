import { IconAlertTriangleFilled } from "@tabler/icons-react";
import { type Freshness, oldestUpdate, staleQueries } from "@/domain/freshness";
import { useNow } from "@/lib/hooks/useNow";
import { relativeTime } from "@/lib/time";
import { RetryButton } from "@/ui/RetryButton";
import classes from "./StaleDataBanner.module.css";

/** Warns that data on the page is stale: why, since when, and a retry. */
export function StaleDataBanner({ queries }: { queries: readonly Freshness[] }) {
  const now = useNow();
  const stale = staleQueries(queries);
  const since = oldestUpdate(stale);
  const [first] = stale;
  if (!first || since === null) return null;
  return (
    <div className={classes.banner} role="alert">
      <IconAlertTriangleFilled size={16} aria-hidden />
      <span className={classes.text}>
        <strong>{first.error?.message}</strong> · Stale data: last updated{" "}
        <span aria-live="off">{relativeTime(since, now)}</span>.
      </span>
      <RetryButton queries={stale} compact />
    </div>
  );
}
