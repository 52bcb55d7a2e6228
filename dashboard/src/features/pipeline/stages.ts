import type { Dependency, Health, Lag, Overview } from "@/api/types";
import { formatCount } from "@/lib/numbers";
import { formatDuration } from "@/lib/time";
import { type LagSample, offsetRate } from "./lagHistory";

/** A box of the diagram: what the stage does, its status, and the figure that shows whether events pile up there. */
export type Stage = {
  name: string;
  description: string;
  /** As the health endpoint names it; null while unknown. */
  status: string | null;
  figure: Figure | null;
};

export type Figure = { value: string; unit: string };

/** An arrow of the diagram: events per second from one stage to the next; null while unknown. */
export type Flow = { label: string; perSecond: number | null };

/** Everything the diagram is computed from; each part may still be loading. */
export type PipelineData = {
  lag: Lag | undefined;
  history: readonly LagSample[];
  overview: Overview | undefined;
  health: Health | undefined;
};

const SECONDS_PER_MINUTE = 60;
const BUCKET_SECONDS = 10;

/** Ingest, Kafka, processor and Postgres, in the order in which an event passes them. */
export function stagesOf({ lag, overview, health }: PipelineData): readonly [Stage, Stage, Stage, Stage] {
  const workers = lag?.members === 1 ? "worker" : "workers";
  return [
    {
      name: "Ingest",
      description: "accepts requests",
      status: statusOf(health, "ingest"),
      figure: responseTime(health),
    },
    {
      name: "Kafka",
      description: "queues events in order",
      status: statusOf(health, "kafka"),
      figure: countFigure(lag?.total, "waiting"),
    },
    {
      name: "Processor",
      description: "validates and stores",
      status: statusOf(health, "processor"),
      figure: countFigure(lag?.members, workers),
    },
    {
      name: "Postgres",
      description: "holds the rows",
      status: statusOf(health, "postgres"),
      figure: countFigure(overview?.today.stored, "stored today"),
    },
  ];
}

export function deadLettersStage({ overview }: PipelineData): Stage {
  return {
    name: "Dead letters",
    description: "holds what cannot be stored",
    status: null,
    figure: countFigure(overview?.dead_total, "in total"),
  };
}

export function flowsOf({ history, overview }: PipelineData): readonly [Flow, Flow, Flow] {
  return [
    { label: "from Ingest to Kafka", perSecond: offsetRate(history, "produced") },
    { label: "from Kafka to Processor", perSecond: offsetRate(history, "consumed") },
    { label: "from Processor to Postgres", perSecond: perSecond(overview, "stored") },
  ];
}

export function deadLettersFlow({ overview }: PipelineData): Flow {
  return { label: "from Processor to the dead letters", perSecond: perSecond(overview, "dead") };
}

function countFigure(value: number | null | undefined, unit: string): Figure | null {
  return value === null || value === undefined ? null : { value: formatCount(value), unit };
}

function statusOf(health: Health | undefined, name: Dependency["name"]): string | null {
  return findDependency(health, name)?.status ?? null;
}

function responseTime(health: Health | undefined): Figure | null {
  const latency = findDependency(health, "ingest")?.latency_ms ?? null;
  return latency === null ? null : { value: formatDuration(latency / 1_000), unit: "response time" };
}

function findDependency(health: Health | undefined, name: Dependency["name"]): Dependency | undefined {
  return health?.dependencies.find((dependency) => dependency.name === name);
}

/** `last_minute` counts whole ten-second buckets, so it covers sixty to seventy seconds. */
function perSecond(overview: Overview | undefined, outcome: "stored" | "dead"): number | null {
  if (!overview) return null;
  const coveredSeconds = SECONDS_PER_MINUTE + ((Date.parse(overview.as_of) / 1_000) % BUCKET_SECONDS);
  return overview.last_minute[outcome] / coveredSeconds;
}
