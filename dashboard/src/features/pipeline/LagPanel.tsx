import { Skeleton } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { useMemo } from "react";
import { lastKnown, type Series } from "@/domain/series";
import { formatCountOr } from "@/lib/numbers";
import { TimeSeriesChart } from "@/ui/chart/TimeSeriesChart";
import { EmptyState } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";
import type { LagSample } from "./lagHistory";
import type { LagWithHistory } from "./queries";

/** The lag since the page was opened; the API keeps no history of it. */
export function LagPanel({ query }: { query: QueryState<LagWithHistory> }) {
  return (
    <Panel title="Lag over time" note="Events in Kafka not yet processed, since this page was opened">
      <QueryStateView query={query} subject="the chart of the lag" loading={<Skeleton height={300} />}>
        {({ history }) => (history.length < 2 ? <Measuring /> : <LagChart history={history} />)}
      </QueryStateView>
    </Panel>
  );
}

/** A line needs two points. */
function Measuring() {
  return (
    <EmptyState icon={<IconChartLine size={22} stroke={1.6} />} title="Measuring">
      The chart starts with the second measurement, in a few seconds.
    </EmptyState>
  );
}

function LagChart({ history }: { history: readonly LagSample[] }) {
  const series = useMemo(() => lagSeries(history), [history]);
  return (
    <TimeSeriesChart
      series={series}
      label="Events waiting in Kafka since this page was opened"
      figure={(line) => `${formatCountOr(lastKnown(line.values), "unknown")} now`}
    />
  );
}

function lagSeries(history: readonly LagSample[]): Series {
  const values = history.map((sample) => sample.total);
  return {
    times: history.map((sample) => sample.time),
    lastIsPartial: false,
    lines: [{ label: "Waiting", color: "--series-stored", dash: [], filled: true, values }],
  };
}
