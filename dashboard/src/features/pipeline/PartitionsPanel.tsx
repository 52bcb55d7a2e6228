import { Skeleton, Stack } from "@mantine/core";
import { useTable } from "@tanstack/react-table";
import { useMemo } from "react";
import { Message } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type Asked, StateView } from "@/ui/QueryStateView";
import { trendOf } from "./lagHistory";
import classes from "./PartitionsPanel.module.css";
import { features, type PartitionRow, partitionColumns } from "./partitionColumns";
import type { LagHistory } from "./queries";

/** The lag of each partition: how far, where to, and who works on it. */
export function PartitionsPanel({ query }: { query: Asked<LagHistory> }) {
  return (
    <Panel
      title="Partitions"
      note={query.data?.lag.error ?? "Offsets of the raw topic, and who consumes them"}
    >
      <StateView
        query={query}
        what="the partitions"
        loading={<Skeletons />}
        isEmpty={({ lag }) => lag.partitions.length === 0}
        empty={
          <Message title="No partitions to show">
            Kafka does not tell about the topic at the moment, or it was not created yet: run “event-platform
            topics”.
          </Message>
        }
      >
        {(known) => <Partitions known={known} />}
      </StateView>
    </Panel>
  );
}

function Partitions({ known }: { known: LagHistory }) {
  const data = useMemo(() => rowsOf(known), [known]);
  const table = useTable({ features, columns: partitionColumns, data });
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

function rowsOf({ lag, history }: LagHistory): PartitionRow[] {
  return lag.partitions.map((partition) => ({
    ...partition,
    trend: trendOf(history, partition.partition),
    lags: history.flatMap((sample) => sample.lags.get(partition.partition) ?? []),
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
