import type { JsonDocument } from "@/lib/json";
import type { paths } from "./schema.gen";

type Answer<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer T } } } };
}
  ? T
  : never;

export type Overview = Answer<"/admin/overview">;
export type TopEventTypes = Answer<"/admin/top-event-types">;
export type TypeCount = TopEventTypes["types"][number];
export type Health = Answer<"/admin/health">;
export type Dependency = Health["dependencies"][number];
export type Lag = Answer<"/admin/kafka/lag">;
export type Partition = Lag["partitions"][number];
export type Throughput = Answer<"/admin/series">;
export type EventsAnswer = Answer<"/admin/event/search">;
export type DlqAnswer = Answer<"/admin/dlq/sample">;

/** An event and a dead letter with what a producer wrote kept as text. */
export type StoredEvent = Omit<EventsAnswer["events"][number], "payload" | "extensions"> & {
  payload: JsonDocument;
  extensions: JsonDocument | null;
};
export type DeadLetter = Omit<DlqAnswer["dead_letters"][number], "original"> & { original: JsonDocument };
