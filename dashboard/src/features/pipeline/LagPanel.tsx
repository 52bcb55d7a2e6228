import { Skeleton } from "@mantine/core";
import { IconChartLine } from "@tabler/icons-react";
import { useMemo } from "react";
import { last, type Series } from "@/domain/series";
import { count } from "@/lib/numbers";
import { TimeSeries } from "@/ui/chart/TimeSeriesChart";
import { Message } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type Asked, StateView } from "@/ui/QueryStateView";
import type { LagSample } from "./lagHistory";
import type { LagHistory } from "./queries";

/** The lag since the page was opened; the API keeps no history of it. */
export function LagChart({ query }: { query: Asked<LagHistory> }) {
  return (
    <Panel title="Lag over time" note="Events in Kafka not yet stored, since this page was opened">
      <StateView query={query} what="the chart of the lag" loading={<Skeleton height={300} />}>
        {({ history }) => (history.length < 2 ? <FirstAnswer /> : <Chart history={history} />)}
      </StateView>
    </Panel>
  );
}

/** One point makes no line, and no axis of time either. */
function FirstAnswer() {
  return (
    <Message icon={<IconChartLine size={22} stroke={1.6} />} title="Measuring">
      The line begins with the next answer, in a few seconds.
    </Message>
  );
}

function Chart({ history }: { history: readonly LagSample[] }) {
  const series = useMemo(() => seriesOf(history), [history]);
  return (
    <TimeSeries
      series={series}
      label="Events waiting in Kafka since this page was opened"
      total={(line) => `${shown(last(line.values))} now`}
    />
  );
}

function seriesOf(history: readonly LagSample[]): Series {
  const values = history.map((sample) => sample.total);
  return {
    at: history.map((sample) => sample.at),
    lastIsPartial: false,
    lines: [{ label: "Waiting", color: "--series-stored", dash: [], filled: true, values }],
  };
}

function shown(value: number | null): string {
  return value === null ? "unknown" : count(value);
}
