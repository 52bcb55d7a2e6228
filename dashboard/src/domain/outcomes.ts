import type { Overview } from "@/api/types";
import { formatCount, pluralize } from "@/lib/numbers";

/** Events by what became of them: stored, duplicate or dead. */
export type OutcomeCounts = Pick<Overview["last_minute"], "stored" | "duplicates" | "dead">;

/** How many events were processed, whatever their outcome. */
export function processedCount({ stored, duplicates, dead }: OutcomeCounts): number {
  return stored + duplicates + dead;
}

/** What was not stored: "538 duplicates, 21 dead". */
export function notStoredSummary({ duplicates, dead }: OutcomeCounts): string {
  return `${pluralize(duplicates, "duplicate")}, ${formatCount(dead)} dead`;
}
