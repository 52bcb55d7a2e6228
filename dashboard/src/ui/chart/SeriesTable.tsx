import { type Series, timeLabel } from "@/domain/series";
import { formatCountOr } from "@/lib/numbers";
import classes from "./TimeSeriesChart.module.css";

/** A chart's values as a table, newest first. */
export function SeriesTable({ series, label }: { series: Series; label: string }) {
  const rows = series.times.map((time, index) => ({ time, index })).reverse();
  return (
    <section className={classes.table} tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.lines.map((line) => (
              <th key={line.label} scope="col">
                {line.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ time, index }) => (
            <tr key={time}>
              <th scope="row">{timeLabel(series, index)}</th>
              {series.lines.map((line) => (
                <td key={line.label}>{formatCountOr(line.values[index], "unknown")}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
