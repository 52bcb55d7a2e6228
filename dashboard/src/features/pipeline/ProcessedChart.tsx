import { Skeleton } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Throughput } from "@/api/types";
import { FirstEvent } from "@/ui/FirstEvent";
import { Message } from "@/ui/Message";
import { Panel } from "@/ui/Panel";
import { type Asked, StateView } from "@/ui/StateView";
import { TimeSeries } from "@/ui/TimeSeries";
import { isQuiet, seriesOf } from "@/ui/throughput";
import { bucketName } from "@/ui/time";

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
