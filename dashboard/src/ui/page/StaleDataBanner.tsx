import { Button } from "@mantine/core";
import { IconAlertTriangleFilled } from "@tabler/icons-react";
import { type Freshness, oldestUpdate, stale } from "@/domain/freshness";
import { useNow } from "@/lib/hooks/useNow";
import { relativeTime } from "@/lib/time";
import classes from "./StaleDataBanner.module.css";

/** Says that what is on the page is old, how old and why, and offers to try again. */
export function StaleNotice({ queries }: { queries: readonly Freshness[] }) {
  const now = useNow();
  const old = stale(queries);
  const since = oldestUpdate(old);
  const [first] = old;
  if (!first || since === null) return null;
  return (
    <div className={classes.notice} role="alert">
      <IconAlertTriangleFilled size={16} aria-hidden />
      <span className={classes.words}>
        <strong>{first.error?.message}</strong> · Shown is what it said{" "}
        <span aria-live="off">{relativeTime(since, now)}</span>.
      </span>
      <Button
        size="compact-sm"
        variant="default"
        loading={old.some((query) => query.isFetching)}
        onClick={() => old.forEach((query) => void query.refetch())}
      >
        Try again
      </Button>
    </div>
  );
}
