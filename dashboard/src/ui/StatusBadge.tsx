import {
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconSquareRoundedXFilled,
} from "@tabler/icons-react";
import classes from "./StatusBadge.module.css";

export type Tone = "good" | "warning" | "bad" | "neutral";

const SHAPES = {
  good: IconCircleCheckFilled,
  warning: IconAlertTriangleFilled,
  bad: IconSquareRoundedXFilled,
  neutral: IconCircleDashed,
};

/** A state in a shape, a word and a colour: any one of them is enough to read it. */
export function Status({ tone, children }: { tone: Tone; children: string }) {
  const Shape = SHAPES[tone];
  return (
    <span className={classes.status} data-tone={tone}>
      <Shape size={14} aria-hidden />
      {children}
    </span>
  );
}
