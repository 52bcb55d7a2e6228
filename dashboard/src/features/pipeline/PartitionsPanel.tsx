import { Skeleton, Stack } from "@mantine/core";
import { useTable } from "@tanstack/react-table";
import { useMemo } from "react";
import { EmptyState } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";
import { partitionTrend } from "./lagHistory";
import classes from "./PartitionsPanel.module.css";
import { features, type PartitionRow, partitionColumns } from "./partitionColumns";
import type { LagWithHistory } from "./queries";

/** Lag, trend, offsets and consumer of each partition. */
export function PartitionsPanel({ query }: { query: QueryState<LagWithHistory> }) {
  return (
    <Panel title="Partitions" note={query.data?.lag.error ?? "Offsets and consumers of the raw topic"}>
      <QueryStateView
        query={query}
        subject="the partitions"
        loading={<Skeletons />}
        isEmpty={({ lag }) => lag.partitions.length === 0}
        empty={
          <EmptyState title="No partitions to show">
            Kafka is unavailable, or the topic does not exist. Until that is fixed, ingest responds with 503
            and producers must retry. If the topic is missing, run “event-platform topics”.
          </EmptyState>
        }
      >
        {(data) => <PartitionTable data={data} />}
      </QueryStateView>
    </Panel>
  );
}

function PartitionTable({ data }: { data: LagWithHistory }) {
  const rows = useMemo(() => rowsOf(data), [data]);
  const table = useTable({ features, columns: partitionColumns, data: rows });
  return (
    <section className={classes.frame} tabIndex={0} aria-label="Lag of each partition">
      <table className={classes.table}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => (
                <th key={header.id} scope="col" data-numeric={isNumeric(header.column.id) || undefined}>
                  <table.FlexRender header={header} />
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id}>
              {row.getAllCells().map((cell) => (
                <td key={cell.id} data-numeric={isNumeric(cell.column.id) || undefined}>
                  <table.FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const NUMERIC: readonly string[] = ["lag", "committed", "end"] satisfies (keyof PartitionRow)[];

function isNumeric(column: string): boolean {
  return NUMERIC.includes(column);
}

function rowsOf({ lag, history }: LagWithHistory): PartitionRow[] {
  return lag.partitions.map((partition) => ({
    ...partition,
    trend: partitionTrend(history, partition.partition),
    lags: history.flatMap((sample) => sample.lagByPartition.get(partition.partition) ?? []),
  }));
}

function Skeletons() {
  return (
    <Stack gap={14}>
      {[1, 2, 3, 4, 5, 6].map((row) => (
        <Skeleton key={row} height={18} />
      ))}
    </Stack>
  );
}
