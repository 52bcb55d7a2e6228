import type { Overview } from "@/api/types";
import { count, counted, rate } from "@/lib/numbers";
import { visibly } from "@/ui/json/jsonRows";
import { MetricCard, MetricCardSkeleton } from "@/ui/MetricCard";
import { type Asked, StateView } from "@/ui/QueryStateView";
import classes from "./OverviewPage.module.css";

type Outcomes = Overview["last_minute"];

const LABELS = ["Stored, last minute", "Stored, last 5 minutes", "Top type today", "Dead letters"] as const;

export function MetricCards({ query }: { query: Asked<Overview> }) {
  return (
    <StateView query={query} what="the numbers of the last minutes" loading={<Skeletons />}>
      {(overview) => <Cards overview={overview} />}
    </StateView>
  );
}

function Cards({ overview }: { overview: Overview }) {
  const { last_minute, last_5_minutes, today, top_type_today, dead_total } = overview;
  return (
    <div className={classes.cards}>
      <MetricCard label={LABELS[0]} value={count(last_minute.stored)} note={rest(last_minute)} />
      <MetricCard
        label={LABELS[1]}
        value={count(last_5_minutes.stored)}
        note={`${rate(last_5_minutes.per_minute)} a minute in all`}
      />
      <MetricCard
        label={LABELS[2]}
        value={visibly(top_type_today?.event_type ?? "None yet")}
        text
        note={
          top_type_today
            ? counted(top_type_today.count, "event")
            : `${counted(today.stored, "event")} stored today`
        }
      />
      <MetricCard label={LABELS[3]} value={count(dead_total)} note={`${count(today.dead)} today`} />
    </div>
  );
}

function rest(outcomes: Pick<Outcomes, "duplicates" | "dead">): string {
  return `${counted(outcomes.duplicates, "duplicate")}, ${count(outcomes.dead)} dead`;
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
