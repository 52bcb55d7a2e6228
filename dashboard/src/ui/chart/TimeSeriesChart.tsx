import { Button, useComputedColorScheme } from "@mantine/core";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import { type Line, momentOf, type Series, sum } from "@/domain/series";
import { count } from "@/lib/numbers";
import { plotData, plotOptions } from "./plotOptions";
import { SeriesTable } from "./SeriesTable";
import classes from "./TimeSeriesChart.module.css";

type TimeSeriesProps = {
  series: Series;
  /** What the chart shows, for those who do not see it. */
  label: string;
  /** What stands behind a line's name in the legend. */
  total?: (line: Line) => ReactNode;
};

/** Lines over time: a legend that switches them, values under the pointer, and the same as a table. */
export function TimeSeries({ series, label, total = (line) => count(sum(line.values)) }: TimeSeriesProps) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [asTable, setAsTable] = useState(false);
  const [point, setPoint] = useState<number | null>(null);
  const shown = useMemo(
    () => ({ ...series, lines: series.lines.filter((line) => !hidden.has(line.label)) }),
    [series, hidden],
  );
  return (
    <div className={classes.frame}>
      <Legend lines={series.lines} hidden={hidden} total={total} onChange={setHidden} />
      {asTable ? (
        <SeriesTable series={shown} label={label} />
      ) : (
        <Plot series={shown} label={label} onPoint={setPoint} />
      )}
      <div className={classes.foot}>
        <span className={classes.caption}>{!asTable && <Point series={shown} at={point} />}</span>
        <Button size="compact-xs" variant="subtle" color="gray" fw={500} onClick={() => setAsTable(!asTable)}>
          {asTable ? "Show as chart" : "Show as table"}
        </Button>
      </div>
    </div>
  );
}

type PlotProps = { series: Series; label: string; onPoint: (at: number | null) => void };

function Plot({ series, label, onPoint }: PlotProps) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme("light");
  const drawn = series.lines.map((line) => line.label).join();
  const latest = useRef(series);
  latest.current = series;

  // A chart is made anew only for what cannot be changed in place: its lines and its colours.
  useEffect(() => {
    const target = element.current;
    if (!target || !scheme || drawn === undefined) return;
    const made = new uPlot(plotOptions(target, latest.current, onPoint), plotData(latest.current), target);
    plot.current = made;
    const observer = new ResizeObserver(() => {
      made.setSize({ width: target.clientWidth, height: target.clientHeight });
    });
    observer.observe(target);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [scheme, drawn, onPoint]);

  useEffect(() => plot.current?.setData(plotData(series)), [series]);

  return <div ref={element} className={classes.chart} role="img" aria-label={label} />;
}

function Point({ series, at }: { series: Series; at: number | null }) {
  if (at === null || at >= series.at.length) return null;
  const values = series.lines.map((line) => `${line.label} ${shownValue(line.values[at])}`);
  return `${momentOf(series, at)} · ${values.join(" · ")}`;
}

function shownValue(value: number | null | undefined): string {
  return value === null || value === undefined ? "unknown" : count(value);
}

type LegendProps = {
  lines: readonly Line[];
  hidden: ReadonlySet<string>;
  total: (line: Line) => ReactNode;
  onChange: (hidden: ReadonlySet<string>) => void;
};

function Legend({ lines, hidden, total, onChange }: LegendProps) {
  const toggle = (label: string) => {
    const next = new Set(hidden);
    if (!next.delete(label)) next.add(label);
    onChange(next);
  };
  return (
    <ul className={classes.legend}>
      {lines.map((line) => (
        <li key={line.label}>
          <button
            type="button"
            className={classes.entry}
            aria-pressed={!hidden.has(line.label)}
            onClick={() => toggle(line.label)}
          >
            <svg width="20" height="10" aria-hidden="true">
              <line
                x1="1"
                y1="5"
                x2="19"
                y2="5"
                stroke={`var(${line.color})`}
                strokeWidth="2.5"
                strokeDasharray={line.dash.join(" ")}
              />
            </svg>
            {line.label}
            <span className={classes.sum}>{total(line)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
