import { SegmentedControl, Skeleton } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Throughput } from "@/api/types";
import { isQuiet, seriesOf } from "@/domain/throughput";
import { bucketName } from "@/lib/time";
import { TimeSeries } from "@/ui/chart/TimeSeriesChart";
import { Message } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type Asked, StateView } from "@/ui/QueryStateView";
import { FirstEvent } from "@/ui/SendEventCommand";
import { DEFAULT_SPAN, SPANS } from "./filters";

const HEIGHT = 300;

type ThroughputPanelProps = { query: Asked<Throughput>; minutes: number };

export function ThroughputPanel({ query, minutes }: ThroughputPanelProps) {
  const bucket = query.data && bucketName(query.data.bucket_seconds);
  return (
    <Panel
      title={`Processed in the last ${spanName(minutes)}`}
      note={bucket && `Events in each ${bucket}`}
      actions={<SpanControl minutes={minutes} />}
    >
      <StateView
        query={query}
        what="the throughput"
        loading={<Skeleton height={HEIGHT} />}
        isEmpty={isQuiet}
        empty={<Quiet minutes={minutes} />}
      >
        {(throughput) => <Chart throughput={throughput} minutes={minutes} />}
      </StateView>
    </Panel>
  );
}

function Chart({ throughput, minutes }: { throughput: Throughput; minutes: number }) {
  const series = useMemo(() => seriesOf(throughput), [throughput]);
  return (
    <TimeSeries
      series={series}
      label={`Events stored, duplicate and dead in the last ${spanName(minutes)}`}
    />
  );
}

function SpanControl({ minutes }: { minutes: number }) {
  const navigate = useNavigate();
  const choose = (value: string) => {
    const chosen = Number(value);
    void navigate({ to: "/", search: chosen === DEFAULT_SPAN ? {} : { minutes: chosen }, replace: true });
  };
  return (
    <SegmentedControl
      size="xs"
      aria-label="Time shown"
      value={String(minutes)}
      onChange={choose}
      data={SPANS.map((span) => ({ value: String(span), label: shortSpan(span) }))}
    />
  );
}

function Quiet({ minutes }: { minutes: number }) {
  return (
    <Message
      icon={<IconChartLine size={22} stroke={1.6} />}
      title={`No event in the last ${spanName(minutes)}`}
      action={<FirstEvent />}
    >
      Send one with the line below; it shows here within a few seconds.
    </Message>
  );
}

function spanName(minutes: number): string {
  if (minutes === 60) return "hour";
  return minutes < 60 ? `${minutes} minutes` : `${minutes / 60} hours`;
}

function shortSpan(minutes: number): string {
  return minutes < 60 ? `${minutes} min` : `${minutes / 60} h`;
}
