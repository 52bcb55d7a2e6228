import type { Dependency, Health, Lag, Overview } from "@/api/types";
import { count, rate } from "@/lib/numbers";
import { duration } from "@/lib/time";
import { type LagSample, rateOf } from "./lagHistory";

/** One box of the picture: what it is, how it is, and the number that says whether events pile up there. */
export type Stage = {
  name: string;
  does: string;
  /** As the health endpoint names it; null while unknown. */
  status: string | null;
  figure: Figure | null;
};

export type Figure = { value: string; of: string };

/** Events a second that cross from one box to the next; null while unknown. */
export type Flow = { label: string; perSecond: number | null };

export type Known = {
  lag: Lag | undefined;
  history: readonly LagSample[];
  summary: Overview | undefined;
  health: Health | undefined;
};

const SECONDS_PER_MINUTE = 60;
const BUCKET_SECONDS = 10;

export function stagesOf({ lag, summary, health }: Known): readonly [Stage, Stage, Stage, Stage] {
  const members = lag?.members === 1 ? "worker" : "workers";
  return [
    {
      name: "Ingest",
      does: "accepts requests",
      status: statusOf(health, "ingest"),
      figure: answerTime(health),
    },
    {
      name: "Kafka",
      does: "holds events in order",
      status: statusOf(health, "kafka"),
      figure: amount(lag?.total, "waiting"),
    },
    {
      name: "Processor",
      does: "checks and stores",
      status: statusOf(health, "processor"),
      figure: amount(lag?.members, members),
    },
    {
      name: "Postgres",
      does: "keeps the rows",
      status: statusOf(health, "postgres"),
      figure: amount(summary?.today.stored, "stored today"),
    },
  ];
}

export function deadLettersStage({ summary }: Known): Stage {
  return {
    name: "Dead letters",
    does: "keeps what is broken",
    status: null,
    figure: amount(summary?.dead_total, "kept"),
  };
}

export function flowsOf({ history, summary }: Known): readonly [Flow, Flow, Flow] {
  return [
    { label: "from Ingest to Kafka", perSecond: rateOf(history, "produced") },
    { label: "from Kafka to Processor", perSecond: rateOf(history, "consumed") },
    { label: "from Processor to Postgres", perSecond: perSecond(summary, "stored") },
  ];
}

export function deadLettersFlow({ summary }: Known): Flow {
  return { label: "from Processor to the dead letters", perSecond: perSecond(summary, "dead") };
}

function amount(value: number | null | undefined, of: string): Figure | null {
  return value === null || value === undefined ? null : { value: count(value), of };
}

function statusOf(health: Health | undefined, name: Dependency["name"]): string | null {
  return dependency(health, name)?.status ?? null;
}

function answerTime(health: Health | undefined): Figure | null {
  const latency = dependency(health, "ingest")?.latency_ms ?? null;
  return latency === null ? null : { value: duration(latency / 1_000), of: "to answer" };
}

function dependency(health: Health | undefined, name: Dependency["name"]): Dependency | undefined {
  return health?.dependencies.find((known) => known.name === name);
}

/** The last minute is counted in whole buckets, so it has up to ten seconds more than sixty. */
function perSecond(summary: Overview | undefined, outcome: "stored" | "dead"): number | null {
  if (!summary) return null;
  const covered = SECONDS_PER_MINUTE + ((Date.parse(summary.as_of) / 1_000) % BUCKET_SECONDS);
  return summary.last_minute[outcome] / covered;
}

/** What a lag does, in words: "+3.2 a second", "steady". */
export function trendWords(perSecond: number | null): string {
  if (perSecond === null) return "not known yet";
  if (Math.abs(perSecond) < 0.05) return "steady";
  return `${perSecond > 0 ? "+" : "−"}${rate(Math.abs(perSecond))} a second`;
}
