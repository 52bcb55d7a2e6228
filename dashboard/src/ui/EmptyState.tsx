import { IconInbox } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./EmptyState.module.css";

type EmptyStateProps = {
  title: string;
  icon?: ReactNode;
  tone?: "neutral" | "bad";
  action?: ReactNode;
  children?: ReactNode;
};

/** A centred block in place of data: nothing yet, nothing found, or an error. */
export function EmptyState({ title, icon, tone = "neutral", action, children }: EmptyStateProps) {
  return (
    <div className={classes.state}>
      <div className={classes.icon} data-tone={tone} aria-hidden>
        {icon ?? <IconInbox size={22} stroke={1.6} />}
      </div>
      <div className={classes.title}>{title}</div>
      {children && <div className={classes.body}>{children}</div>}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}
