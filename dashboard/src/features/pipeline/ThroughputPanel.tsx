import { Skeleton } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Throughput } from "@/api/types";
import { isQuiet, seriesOf } from "@/domain/throughput";
import { bucketName } from "@/lib/time";
import { TimeSeries } from "@/ui/chart/TimeSeriesChart";
import { Message } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type Asked, StateView } from "@/ui/QueryStateView";
import { FirstEvent } from "@/ui/SendEventCommand";

export function ProcessedChart({ query }: { query: Asked<Throughput> }) {
  const note = query.data && `Events in each ${bucketName(query.data.bucket_seconds)}, last hour`;
  return (
    <Panel title="Processed" note={note}>
      <StateView
        query={query}
        what="what was processed"
        loading={<Skeleton height={300} />}
        isEmpty={isQuiet}
        empty={
          <Message
            icon={<IconChartLine size={22} stroke={1.6} />}
            title="Nothing processed in the last hour"
            action={<FirstEvent />}
          >
            Send a first event with the line below.
          </Message>
        }
      >
        {(throughput) => <Chart throughput={throughput} />}
      </StateView>
    </Panel>
  );
}

function Chart({ throughput }: { throughput: Throughput }) {
  const series = useMemo(() => seriesOf(throughput), [throughput]);
  return <TimeSeries series={series} label="Events stored, duplicate and dead in the last hour" />;
}
