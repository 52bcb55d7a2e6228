import type { Dependency } from "@/api/types";

/** How a status is coloured: `good`, `warning`, `bad`, or `neutral` where there is nothing to judge. */
export type Tone = "good" | "warning" | "bad" | "neutral";

type StatusAppearance = { tone: Tone; label: string };

const APPEARANCES: Readonly<Record<string, StatusAppearance>> = {
  ok: { tone: "good", label: "OK" },
  degraded: { tone: "warning", label: "Degraded" },
  down: { tone: "bad", label: "Down" },
  unknown: { tone: "neutral", label: "Unknown" },
};

/** Tone and label of a dependency status; a status that this version does not know is shown as the API sent it. */
export function statusAppearance(status: string): StatusAppearance {
  return APPEARANCES[status] ?? { tone: "neutral", label: status };
}

const OUTAGE_EFFECTS: Readonly<Record<Dependency["name"], string>> = {
  ingest: "Producers cannot send events and must retry. Events accepted before are not lost.",
  redis:
    "Events are still accepted: Postgres finds the duplicates, and rate limits hold per ingest instance. With REDIS_OUTAGE=reject, ingest responds with 503 instead.",
  kafka: "Ingest responds with 503 and producers must retry. Events accepted before are not lost.",
  processor: "Accepted events wait in Kafka until it runs again.",
  postgres: "Accepted events wait in Kafka until it recovers; none is lost or dead-lettered.",
};

/** What happens to events while a dependency is down. */
export function outageEffect(name: Dependency["name"]): string {
  return OUTAGE_EFFECTS[name];
}
