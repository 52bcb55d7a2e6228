import { type ReactNode, useId } from "react";
import classes from "./Panel.module.css";

type PanelProps = { title: string; note?: ReactNode; actions?: ReactNode; children: ReactNode };

/** A section with a heading. The heading makes it a landmark that screen readers can jump to. */
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
