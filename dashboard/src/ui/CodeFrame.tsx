import type { ReactNode } from "react";
import classes from "./CodeFrame.module.css";

type TextFrameProps = { label: string; actions: ReactNode; children: ReactNode };

/** A sunken surface for machine-written text, under a bar that says what it is and what can be done with it. */
export function TextFrame({ label, actions, children }: TextFrameProps) {
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
