import { SegmentedControl, Skeleton } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Throughput } from "@/api/types";
import { hasNoEvents, throughputSeries } from "@/domain/throughput";
import { bucketLabel } from "@/lib/time";
import { TimeSeriesChart } from "@/ui/chart/TimeSeriesChart";
import { EmptyState } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";
import { SendEventCommand } from "@/ui/SendEventCommand";
import { DEFAULT_SPAN, SPANS } from "./filters";

const HEIGHT = 300;

type ThroughputPanelProps = { query: QueryState<Throughput>; minutes: number };

/** Events by outcome over the selected time range. */
export function ThroughputPanel({ query, minutes }: ThroughputPanelProps) {
  const bucket = query.data && bucketLabel(query.data.bucket_seconds);
  return (
    <Panel
      title={`Processed in the last ${spanName(minutes)}`}
      note={bucket && `Events in each ${bucket}`}
      actions={<SpanControl minutes={minutes} />}
    >
      <QueryStateView
        query={query}
        subject="the throughput"
        loading={<Skeleton height={HEIGHT} />}
        isEmpty={hasNoEvents}
        empty={<NoEvents minutes={minutes} />}
      >
        {(throughput) => <ThroughputChart throughput={throughput} minutes={minutes} />}
      </QueryStateView>
    </Panel>
  );
}

function ThroughputChart({ throughput, minutes }: { throughput: Throughput; minutes: number }) {
  const series = useMemo(() => throughputSeries(throughput), [throughput]);
  return (
    <TimeSeriesChart
      series={series}
      label={`Events stored, duplicate and dead in the last ${spanName(minutes)}`}
    />
  );
}

function SpanControl({ minutes }: { minutes: number }) {
  const navigate = useNavigate();
  const select = (value: string) => {
    const selected = Number(value);
    void navigate({ to: "/", search: selected === DEFAULT_SPAN ? {} : { minutes: selected }, replace: true });
  };
  return (
    <SegmentedControl
      size="xs"
      aria-label="Time range"
      value={String(minutes)}
      onChange={select}
      data={SPANS.map((span) => ({ value: String(span), label: shortSpan(span) }))}
    />
  );
}

function NoEvents({ minutes }: { minutes: number }) {
  return (
    <EmptyState
      icon={<IconChartLine size={22} stroke={1.6} />}
      title={`No events in the last ${spanName(minutes)}`}
      action={<SendEventCommand />}
    >
      To send one, run this command; it appears here within a few seconds.
    </EmptyState>
  );
}

function spanName(minutes: number): string {
  if (minutes === 60) return "hour";
  return minutes < 60 ? `${minutes} minutes` : `${minutes / 60} hours`;
}

function shortSpan(minutes: number): string {
  return minutes < 60 ? `${minutes} min` : `${minutes / 60} h`;
}
