import { Skeleton } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Throughput } from "@/api/types";
import { hasNoEvents, throughputSeries } from "@/domain/throughput";
import { bucketLabel } from "@/lib/time";
import { TimeSeriesChart } from "@/ui/chart/TimeSeriesChart";
import { EmptyState } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";
import { SendEventCommand } from "@/ui/SendEventCommand";

/** Events by outcome over the last hour. */
export function ThroughputPanel({ query }: { query: QueryState<Throughput> }) {
  const note = query.data && `Events in each ${bucketLabel(query.data.bucket_seconds)}, last hour`;
  return (
    <Panel title="Processed" note={note}>
      <QueryStateView
        query={query}
        subject="the throughput"
        loading={<Skeleton height={300} />}
        isEmpty={hasNoEvents}
        empty={
          <EmptyState
            icon={<IconChartLine size={22} stroke={1.6} />}
            title="No events in the last hour"
            action={<SendEventCommand />}
          >
            To send an event, run this command.
          </EmptyState>
        }
      >
        {(throughput) => <ThroughputChart throughput={throughput} />}
      </QueryStateView>
    </Panel>
  );
}

function ThroughputChart({ throughput }: { throughput: Throughput }) {
  const series = useMemo(() => throughputSeries(throughput), [throughput]);
  return <TimeSeriesChart series={series} label="Events stored, duplicate and dead in the last hour" />;
}
