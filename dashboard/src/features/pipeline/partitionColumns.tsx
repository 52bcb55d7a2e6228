import { createColumnHelper, tableFeatures } from "@tanstack/react-table";
import { count } from "@/lib/numbers";
import { Sparkline } from "@/ui/chart/Sparkline";
import { Status } from "@/ui/StatusBadge";
import { trendWords } from "./stages";

/** A partition with what its lag did since the page was opened. */
export type PartitionRow = {
  partition: number;
  committed: number | null;
  end: number | null;
  lag: number | null;
  member: string | null;
  trend: number | null;
  lags: readonly number[];
};

export const features = tableFeatures({});
const helper = createColumnHelper<typeof features, PartitionRow>();

export const partitionColumns = helper.columns([
  helper.accessor("partition", { header: "Partition" }),
  helper.accessor("lag", { header: "Lag", cell: ({ getValue }) => <strong>{shown(getValue())}</strong> }),
  helper.accessor("lags", {
    header: "Since opened",
    cell: ({ row }) => (
      <Sparkline
        values={row.original.lags}
        label={`Lag of partition ${row.original.partition} since this page was opened`}
      />
    ),
  }),
  helper.accessor("trend", { header: "Trend", cell: ({ getValue }) => trendWords(getValue()) }),
  helper.accessor("committed", {
    header: "Committed",
    cell: ({ getValue }) => shown(getValue(), "none yet"),
  }),
  helper.accessor("end", { header: "End", cell: ({ getValue }) => shown(getValue()) }),
  helper.accessor("member", {
    header: "Consumer",
    cell: ({ getValue }) => getValue() ?? <Status tone="warning">No consumer</Status>,
  }),
]);

function shown(value: number | null, unknown = "unknown"): string {
  return value === null ? unknown : count(value);
}
