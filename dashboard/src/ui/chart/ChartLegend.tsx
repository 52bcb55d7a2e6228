import type { ReactNode } from "react";
import type { Line } from "@/domain/series";
import { toggled } from "@/lib/sets";
import classes from "./TimeSeriesChart.module.css";

type ChartLegendProps = {
  lines: readonly Line[];
  /** The labels of the lines that are hidden. */
  hidden: ReadonlySet<string>;
  figure: (line: Line) => ReactNode;
  onChange: (hidden: ReadonlySet<string>) => void;
};

/** A chart's lines with their dash patterns and figures; a click hides or shows a line. */
export function ChartLegend({ lines, hidden, figure, onChange }: ChartLegendProps) {
  return (
    <ul className={classes.legend}>
      {lines.map((line) => (
        <li key={line.label}>
          <button
            type="button"
            className={classes.entry}
            aria-pressed={!hidden.has(line.label)}
            onClick={() => onChange(toggled(hidden, line.label))}
          >
            <DashPattern line={line} />
            {line.label}
            <span className={classes.figure}>{figure(line)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function DashPattern({ line }: { line: Line }) {
  return (
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
  );
}
