import type { Overview } from "@/api/types";
import { notStoredSummary } from "@/domain/outcomes";
import { escapeInvisible } from "@/lib/invisibleCharacters";
import { formatCount, formatRate, pluralize } from "@/lib/numbers";
import { MetricCard, MetricCardSkeleton } from "@/ui/MetricCard";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";
import classes from "./OverviewPage.module.css";

const LABELS = ["Stored, last minute", "Stored, last 5 minutes", "Top type today", "Dead letters"] as const;

export function MetricCards({ query }: { query: QueryState<Overview> }) {
  return (
    <QueryStateView query={query} subject="the counts of the last minutes" loading={<Skeletons />}>
      {(overview) => <Cards overview={overview} />}
    </QueryStateView>
  );
}

function Cards({ overview }: { overview: Overview }) {
  const { last_minute, last_5_minutes, today, top_type_today, dead_total } = overview;
  return (
    <div className={classes.cards}>
      <MetricCard
        label={LABELS[0]}
        value={formatCount(last_minute.stored)}
        note={notStoredSummary(last_minute)}
      />
      <MetricCard
        label={LABELS[1]}
        value={formatCount(last_5_minutes.stored)}
        note={`${formatRate(last_5_minutes.per_minute)} per minute, all outcomes`}
      />
      <MetricCard
        label={LABELS[2]}
        value={escapeInvisible(top_type_today?.event_type ?? "None yet")}
        text
        note={
          top_type_today
            ? pluralize(top_type_today.count, "event")
            : `${pluralize(today.stored, "event")} stored today`
        }
      />
      <MetricCard
        label={LABELS[3]}
        value={formatCount(dead_total)}
        note={`${formatCount(today.dead)} today`}
      />
    </div>
  );
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
