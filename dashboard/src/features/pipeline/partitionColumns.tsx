import { createColumnHelper, tableFeatures } from "@tanstack/react-table";
import { formatCountOr } from "@/lib/numbers";
import { Sparkline } from "@/ui/chart/Sparkline";
import { StatusBadge } from "@/ui/StatusBadge";
import { lagTrend } from "./lagTrend";

/** A partition with its trend, and its lag since the page was opened. */
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
  helper.accessor("lag", {
    header: "Lag",
    cell: ({ getValue }) => <strong>{formatCountOr(getValue(), "unknown")}</strong>,
  }),
  helper.accessor("lags", {
    header: "Since opened",
    cell: ({ row }) => (
      <Sparkline
        values={row.original.lags}
        label={`Lag of partition ${row.original.partition} since this page was opened`}
      />
    ),
  }),
  helper.accessor("trend", { header: "Trend", cell: ({ getValue }) => lagTrend(getValue()) }),
  helper.accessor("committed", {
    header: "Committed",
    cell: ({ getValue }) => formatCountOr(getValue(), "none yet"),
  }),
  helper.accessor("end", { header: "End", cell: ({ getValue }) => formatCountOr(getValue(), "unknown") }),
  helper.accessor("member", {
    header: "Consumer",
    cell: ({ getValue }) => getValue() ?? <StatusBadge tone="warning">No consumer</StatusBadge>,
  }),
]);
