import type { ReactNode } from "react";
import classes from "./CodeFrame.module.css";

type CodeFrameProps = { label: string; actions: ReactNode; children: ReactNode };

/** A frame for JSON, text or bytes, under a bar with its label and actions. */
export function CodeFrame({ label, actions, children }: CodeFrameProps) {
  return (
    <div className={classes.frame}>
      <div className={classes.bar}>
        <span>{label}</span>
        <span className={classes.actions}>{actions}</span>
      </div>
      {children}
    </div>
  );
}
