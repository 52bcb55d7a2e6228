import { Skeleton, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { escapeInvisible } from "@/lib/invisibleCharacters";
import { formatCount } from "@/lib/numbers";
import classes from "./BarList.module.css";

/** `id` is the React key where two bars may have the same name. */
type Bar = { name: string; count: number; id?: string };
type BarListProps<B extends Bar> = {
  bars: readonly B[];
  tone?: "accent" | "bad";
  /** Wraps a bar's content in an element with this class, for instance in a link; by default a `div`. */
  wrap?: (bar: B, className: string | undefined, content: ReactNode) => ReactNode;
};

/** Names with their counts; each bar's length is its share of the largest count. */
export function BarList<B extends Bar>({ bars, tone = "accent", wrap = inDiv }: BarListProps<B>) {
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
                {escapeInvisible(bar.name)}
              </span>
              <span className={classes.count}>{formatCount(bar.count)}</span>
            </>,
          )}
        </li>
      ))}
    </ol>
  );
}

function inDiv(_: Bar, className: string | undefined, content: ReactNode) {
  return <div className={className}>{content}</div>;
}

export function BarListSkeleton() {
  return (
    <Stack gap={6}>
      {["100%", "78%", "55%", "40%", "22%"].map((width) => (
        <Skeleton key={width} height={28} width={width} />
      ))}
    </Stack>
  );
}
