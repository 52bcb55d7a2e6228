import { type ReactNode, useId } from "react";
import classes from "./Panel.module.css";

type PanelProps = { title: string; note?: ReactNode; actions?: ReactNode; children: ReactNode };

/** A titled surface. It is a landmark by its title, so that a screen reader can jump to it. */
export function Panel({ title, note, actions, children }: PanelProps) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={id}>
      <header className={classes.head}>
        <div>
          <h2 id={id} className={classes.title}>
            {title}
          </h2>
          {note && <div className={classes.note}>{note}</div>}
        </div>
        {actions}
      </header>
      {children}
    </section>
  );
}
