import type { Lag, Overview } from "@/api/types";
import { notStoredSummary, processedCount } from "@/domain/outcomes";
import { formatCount, formatCountOr } from "@/lib/numbers";
import { formatDuration } from "@/lib/time";
import { MetricCard, MetricCardSkeleton } from "@/ui/MetricCard";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";
import { lagTrend } from "./lagTrend";
import classes from "./PipelinePage.module.css";
import type { LagWithHistory } from "./queries";

const LABELS = ["Lag", "Oldest waiting", "Time to drain", "Processed, last minute", "Dead letters"] as const;
const UNKNOWN = "Unknown";

type LagCardsProps = { lag: QueryState<LagWithHistory>; overview: QueryState<Overview> };

export function LagCards({ lag, overview }: LagCardsProps) {
  return (
    <QueryStateView query={lag} subject="the lag" loading={<Skeletons />}>
      {(data) => <Cards lag={data.lag} overview={overview.data} />}
    </QueryStateView>
  );
}

function Cards({ lag, overview }: { lag: Lag; overview: Overview | undefined }) {
  return (
    <div className={classes.cards}>
      <MetricCard
        label={LABELS[0]}
        value={formatCountOr(lag.total, UNKNOWN)}
        note={lagTrend(lag.trend_per_second)}
      />
      <MetricCard label={LABELS[1]} {...oldestWaiting(lag)} />
      <MetricCard label={LABELS[2]} {...timeToDrain(lag)} />
      <MetricCard
        label={LABELS[3]}
        value={formatCountOr(overview && processedCount(overview.last_minute), UNKNOWN)}
        note={overview && notStoredSummary(overview.last_minute)}
      />
      <MetricCard
        label={LABELS[4]}
        value={formatCountOr(overview?.dead_total, UNKNOWN)}
        note={overview && `${formatCount(overview.today.dead)} today`}
      />
    </div>
  );
}

type CardContent = { value: string; note: string };

function oldestWaiting({ total, oldest_age_seconds }: Lag): CardContent {
  if (total === 0) return { value: "None", note: "no events waiting" };
  const value = oldest_age_seconds === null ? UNKNOWN : formatDuration(oldest_age_seconds);
  return { value, note: "since ingest accepted it" };
}

function timeToDrain({ total, drain_seconds }: Lag): CardContent {
  if (total === 0) return { value: "Drained", note: "no events waiting" };
  if (drain_seconds !== null) return { value: formatDuration(drain_seconds), note: "at the current rate" };
  return { value: UNKNOWN, note: total === null ? "the lag is unknown" : "the lag is not shrinking" };
}

function Skeletons() {
  return (
    <div className={classes.cards}>
      {LABELS.map((label) => (
        <MetricCardSkeleton key={label} label={label} />
      ))}
    </div>
  );
}
