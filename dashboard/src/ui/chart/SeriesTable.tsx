import { momentOf, type Series } from "@/domain/series";
import { count } from "@/lib/numbers";
import classes from "./TimeSeriesChart.module.css";

/** A chart's values as a table, newest first. */
export function SeriesTable({ series, label }: { series: Series; label: string }) {
  const rows = series.at.map((at, index) => ({ at, index })).reverse();
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
          {rows.map(({ at, index }) => (
            <tr key={at}>
              <th scope="row">{momentOf(series, index)}</th>
              {series.lines.map((line) => (
                <td key={line.label}>{cell(line.values[index])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function cell(value: number | null | undefined): string {
  return value === null || value === undefined ? "unknown" : count(value);
}
