import { Skeleton } from "@mantine/core";
import { type ReactNode, useId } from "react";
import classes from "./MetricCard.module.css";

type MetricCardProps = {
  label: string;
  value: string;
  unit?: string | undefined;
  /** The value is a name, not a number: set smaller, with the full text on hover. */
  text?: boolean;
  note?: ReactNode;
};

/** A metric: its label, its value, and a note below. */
export function MetricCard({ label, value, unit, text = false, note }: MetricCardProps) {
  const id = useId();
  return (
    <section className={classes.card} aria-labelledby={id}>
      <div id={id} className={classes.label}>
        {label}
      </div>
      <div
        className={classes.value}
        style={{ "--length": value.length }}
        data-text={text || undefined}
        title={text ? value : undefined}
      >
        {value}
        {unit && <span className={classes.unit}>{unit}</span>}
      </div>
      <div className={classes.note}>{note}</div>
    </section>
  );
}

export function MetricCardSkeleton({ label }: { label: string }) {
  return (
    <div className={classes.card}>
      <div className={classes.label}>{label}</div>
      <Skeleton height={28} width="55%" my={4} />
      <Skeleton height={12} width="75%" mt={4} />
    </div>
  );
}
