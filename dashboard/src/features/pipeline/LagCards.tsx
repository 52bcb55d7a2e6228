import type { Lag, Overview } from "@/api/types";
import { count, counted } from "@/lib/numbers";
import { duration } from "@/lib/time";
import { MetricCard, MetricCardSkeleton } from "@/ui/MetricCard";
import { type Asked, StateView } from "@/ui/QueryStateView";
import classes from "./PipelinePage.module.css";
import type { LagHistory } from "./queries";
import { trendWords } from "./stages";

const LABELS = ["Lag", "Oldest waiting", "Time to drain", "Processed, last minute", "Dead letters"] as const;
const UNKNOWN = "Unknown";

type LagCardsProps = { lag: Asked<LagHistory>; summary: Asked<Overview> };

export function LagCards({ lag, summary }: LagCardsProps) {
  return (
    <StateView query={lag} what="the lag" loading={<Skeletons />}>
      {(known) => <Cards lag={known.lag} summary={summary.data} />}
    </StateView>
  );
}

function Cards({ lag, summary }: { lag: Lag; summary: Overview | undefined }) {
  return (
    <div className={classes.cards}>
      <MetricCard label={LABELS[0]} value={known(lag.total, count)} note={trendWords(lag.trend_per_second)} />
      <MetricCard
        label={LABELS[1]}
        value={lag.total === 0 ? "None" : known(lag.oldest_age_seconds, duration)}
        note={lag.total === 0 ? "nothing is waiting" : "since it was accepted"}
      />
      <MetricCard label={LABELS[2]} {...drain(lag)} />
      <MetricCard label={LABELS[3]} value={known(processed(summary), count)} note={outcomes(summary)} />
      <MetricCard
        label={LABELS[4]}
        value={known(summary?.dead_total ?? null, count)}
        note={summary && `${count(summary.today.dead)} today`}
      />
    </div>
  );
}

function drain({ total, drain_seconds }: Lag): { value: string; note: string } {
  if (total === 0) return { value: "Drained", note: "nothing is waiting" };
  if (drain_seconds !== null) return { value: duration(drain_seconds), note: "at the present rate" };
  return { value: UNKNOWN, note: total === null ? "the lag is unknown" : "the lag does not shrink" };
}

function processed(summary: Overview | undefined): number | null {
  if (!summary) return null;
  const { stored, duplicates, dead } = summary.last_minute;
  return stored + duplicates + dead;
}

function outcomes(summary: Overview | undefined): string {
  if (!summary) return "";
  const { duplicates, dead } = summary.last_minute;
  return `${counted(duplicates, "duplicate")}, ${count(dead)} dead`;
}

function known(value: number | null, words: (value: number) => string): string {
  return value === null ? UNKNOWN : words(value);
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
