import type { ReactNode } from "react";
import { visibly } from "@/ui/json/jsonRows";
import { CopyButton } from "./CopyButton";
import classes from "./FieldList.module.css";

/** Names and values of one row. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes.facts}>{children}</dl>;
}

type FactProps = {
  name: string;
  /** Ids and the like: set in a fixed width, with a button to copy. */
  id?: string | null;
  /** What stands there when `id` is null. */
  none?: string;
  children?: ReactNode;
};

export function Fact({ name, id, none = "none", children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children !== undefined && <span className={classes.value}>{children}</span>}
        {id === null && <span className={classes.none}>{none}</span>}
        {id && (
          <>
            <span className={classes.value} data-mono>
              {visibly(id)}
            </span>
            <CopyButton what={name.toLowerCase()} text={() => id} />
          </>
        )}
      </dd>
    </div>
  );
}
