import type { paths } from "./schema.gen";

type JsonResponse<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer T } } } };
}
  ? T
  : never;

export type Overview = JsonResponse<"/admin/overview">;
export type TopEventTypes = JsonResponse<"/admin/top-event-types">;
export type EventTypeCount = TopEventTypes["types"][number];
export type Health = JsonResponse<"/admin/health">;
export type Dependency = Health["dependencies"][number];
export type Lag = JsonResponse<"/admin/kafka/lag">;
export type Partition = Lag["partitions"][number];
export type Throughput = JsonResponse<"/admin/series">;
export type EventSearchResponse = JsonResponse<"/admin/event/search">;
export type DlqResponse = JsonResponse<"/admin/dlq/sample">;
