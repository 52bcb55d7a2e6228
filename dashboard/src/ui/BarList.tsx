import type { ReactNode } from "react";
import { count } from "@/lib/numbers";
import { visibly } from "@/ui/json/jsonRows";
import classes from "./BarList.module.css";

/** `id` tells it from the others where its name may not, as a sum's. */
type Bar = { name: string; count: number; id?: string };
type BarListProps<B extends Bar> = {
  bars: readonly B[];
  tone?: "accent" | "bad";
  /** Draws the line of a bar; by default plain, else a link around what it is given. */
  wrap?: (bar: B, className: string | undefined, content: ReactNode) => ReactNode;
};

/** Names with their counts, each as long as its share of the largest. */
export function BarList<B extends Bar>({ bars, tone = "accent", wrap = plain }: BarListProps<B>) {
  const largest = Math.max(1, ...bars.map((bar) => bar.count));
  return (
    <ol className={classes.list}>
      {bars.map((bar) => (
        <li key={bar.id ?? bar.name}>
          {wrap(
            bar,
            classes.item,
            <>
              <span className={classes.bar} data-tone={tone} style={{ "--share": bar.count / largest }} />
              <span className={classes.name} title={bar.name}>
                {visibly(bar.name)}
              </span>
              <span className={classes.count}>{count(bar.count)}</span>
            </>,
          )}
        </li>
      ))}
    </ol>
  );
}

function plain(_: Bar, className: string | undefined, content: ReactNode) {
  return <div className={className}>{content}</div>;
}
