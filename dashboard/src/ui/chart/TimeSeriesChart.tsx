import { Button } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { type Line, type Series, sumOf, timeLabel } from "@/domain/series";
import { formatCount, formatCountOr } from "@/lib/numbers";
import { ChartLegend } from "./ChartLegend";
import { LinePlot } from "./LinePlot";
import { SeriesTable } from "./SeriesTable";
import classes from "./TimeSeriesChart.module.css";

type TimeSeriesChartProps = {
  series: Series;
  /** Describes the chart to screen readers. */
  label: string;
  /** The figure beside a line's name in the legend; by default the sum of its values. */
  figure?: (line: Line) => ReactNode;
};

/** Lines over time, with a legend that hides and shows them, the values under the cursor, and a table view. */
export function TimeSeriesChart({ series, label, figure = formattedSum }: TimeSeriesChartProps) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [asTable, setAsTable] = useState(false);
  const [cursor, setCursor] = useState<number | null>(null);
  const visible = useMemo(
    () => ({ ...series, lines: series.lines.filter((line) => !hidden.has(line.label)) }),
    [series, hidden],
  );
  return (
    <div className={classes.frame}>
      <ChartLegend lines={series.lines} hidden={hidden} figure={figure} onChange={setHidden} />
      {asTable ? (
        <SeriesTable series={visible} label={label} />
      ) : (
        <LinePlot series={visible} label={label} onCursor={setCursor} />
      )}
      <div className={classes.foot}>
        <span className={classes.caption}>
          {!asTable && <CursorValues series={visible} index={cursor} />}
        </span>
        <Button size="compact-xs" variant="subtle" color="gray" fw={500} onClick={() => setAsTable(!asTable)}>
          {asTable ? "Show as chart" : "Show as table"}
        </Button>
      </div>
    </div>
  );
}

function formattedSum(line: Line): string {
  return formatCount(sumOf(line.values));
}

function CursorValues({ series, index }: { series: Series; index: number | null }) {
  if (index === null || index >= series.times.length) return null;
  const values = series.lines.map((line) => `${line.label} ${formatCountOr(line.values[index], "unknown")}`);
  return `${timeLabel(series, index)} · ${values.join(" · ")}`;
}
