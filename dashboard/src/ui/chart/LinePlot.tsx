import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import type { Series } from "@/domain/series";
import { plotData, plotOptions } from "./plotOptions";
import classes from "./TimeSeriesChart.module.css";

type LinePlotProps = { series: Series; label: string; onCursor: (index: number | null) => void };

/** The uPlot canvas. `onCursor` receives the index of the values under the cursor. */
export function LinePlot({ series, label, onCursor }: LinePlotProps) {
  const container = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme("light");
  const lineLabels = series.lines.map((line) => line.label).join();
  const latest = useRef(series);
  latest.current = series;

  // uPlot cannot change lines or colours in place, so those create it anew; new values only call setData.
  useEffect(() => {
    const target = container.current;
    if (!target || !scheme || lineLabels === undefined) return;
    const created = new uPlot(
      plotOptions(target, latest.current, onCursor),
      plotData(latest.current),
      target,
    );
    plot.current = created;
    const observer = new ResizeObserver(() => {
      created.setSize({ width: target.clientWidth, height: target.clientHeight });
    });
    observer.observe(target);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [scheme, lineLabels, onCursor]);

  useEffect(() => plot.current?.setData(plotData(series)), [series]);

  return <div ref={container} className={classes.chart} role="img" aria-label={label} />;
}
