import type { Health, Lag, Overview } from "@/api/types";
import { count, rate } from "@/ui/numbers";
import { type LagSample, rateOf } from "./history";

/** One box of the picture: what it is, how it is, and the number that says whether events pile up there. */
export type Stage = {
  name: string;
  does: string;
  /** As the health endpoint names it; null while unknown. */
  status: string | null;
  figure: string | null;
  figureNote: string;
};

/** Events a second that cross from one box to the next; null while unknown. */
export type Flow = { label: string; perSecond: number | null };

export type Known = {
  lag: Lag | undefined;
  history: readonly LagSample[];
  summary: Overview | undefined;
  health: Health | undefined;
};

const SECONDS_PER_MINUTE = 60;

export function stagesOf({ lag, summary, health }: Known): readonly [Stage, Stage, Stage, Stage] {
  return [
    stage("Ingest", "accepts requests", statusOf(health, "ingest"), null, ""),
    stage("Kafka", "holds events in order", statusOf(health, "kafka"), lag?.total ?? null, "waiting"),
    stage(
      "Processor",
      "checks and stores",
      statusOf(health, "processor"),
      lag?.members ?? null,
      lag?.members === 1 ? "worker" : "workers",
    ),
    stage(
      "Postgres",
      "keeps the rows",
      statusOf(health, "postgres"),
      summary?.today.stored ?? null,
      "stored today",
    ),
  ];
}

export function deadLettersStage({ summary }: Known): Stage {
  return stage("Dead letters", "keeps what is broken", null, summary?.dead_total ?? null, "kept");
}

export function flowsOf({ history, summary }: Known): readonly [Flow, Flow, Flow] {
  return [
    { label: "from Ingest to Kafka", perSecond: rateOf(history, "produced") },
    { label: "from Kafka to Processor", perSecond: rateOf(history, "consumed") },
    { label: "from Processor to Postgres", perSecond: perSecond(summary?.last_minute.stored) },
  ];
}

export function deadLettersFlow({ summary }: Known): Flow {
  return { label: "from Processor to the dead letters", perSecond: perSecond(summary?.last_minute.dead) };
}

function stage(
  name: string,
  does: string,
  status: string | null,
  figure: number | null,
  note: string,
): Stage {
  return { name, does, status, figure: figure === null ? null : count(figure), figureNote: note };
}

function statusOf(health: Health | undefined, name: string): string | null {
  return (
    health?.dependencies.find((dependency) => dependency.name.toLowerCase().includes(name))?.status ?? null
  );
}

function perSecond(perMinute: number | undefined): number | null {
  return perMinute === undefined ? null : perMinute / SECONDS_PER_MINUTE;
}

/** What a lag does, in words: "+3.2 a second", "steady". */
export function trendWords(perSecond: number | null): string {
  if (perSecond === null) return "not known yet";
  if (Math.abs(perSecond) < 0.05) return "steady";
  return `${perSecond > 0 ? "+" : "−"}${rate(Math.abs(perSecond))} a second`;
}
