import {
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconSquareRoundedXFilled,
} from "@tabler/icons-react";
import type { Tone } from "@/domain/healthStatus";
import classes from "./StatusBadge.module.css";

const ICONS = {
  good: IconCircleCheckFilled,
  warning: IconAlertTriangleFilled,
  bad: IconSquareRoundedXFilled,
  neutral: IconCircleDashed,
};

/** A status as icon, word and colour; each alone is enough to read it. */
export function StatusBadge({ tone, children }: { tone: Tone; children: string }) {
  const Icon = ICONS[tone];
  return (
    <span className={classes.badge} data-tone={tone}>
      <Icon size={14} aria-hidden />
      {children}
    </span>
  );
}
