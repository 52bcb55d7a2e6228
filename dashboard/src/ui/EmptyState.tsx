import { IconInbox } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./EmptyState.module.css";

type MessageProps = {
  title: string;
  icon?: ReactNode;
  tone?: "neutral" | "bad";
  action?: ReactNode;
  children?: ReactNode;
};

/** What stands where data would be: nothing yet, nothing found, or an error. */
export function Message({ title, icon, tone = "neutral", action, children }: MessageProps) {
  return (
    <div className={classes.message}>
      <div className={classes.icon} data-tone={tone} aria-hidden>
        {icon ?? <IconInbox size={22} stroke={1.6} />}
      </div>
      <div className={classes.title}>{title}</div>
      {children && <div className={classes.body}>{children}</div>}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}
