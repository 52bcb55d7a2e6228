import type { ReactNode } from "react";
import { escapeInvisible } from "@/lib/invisibleCharacters";
import { CopyButton } from "./CopyButton";
import classes from "./FieldList.module.css";

/** A description list: the fields of one row, in columns. */
export function FieldList({ children }: { children: ReactNode }) {
  return <dl className={classes.list}>{children}</dl>;
}

type FieldProps = {
  name: string;
  /** An id or key: set in monospace, with a copy button. */
  id?: string | null;
  /** Shown where `id` is null. */
  placeholder?: string;
  children?: ReactNode;
};

export function Field({ name, id, placeholder = "none", children }: FieldProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children !== undefined && <span className={classes.value}>{children}</span>}
        {id === null && <span className={classes.placeholder}>{placeholder}</span>}
        {id && (
          <>
            <span className={classes.value} data-mono>
              {escapeInvisible(id)}
            </span>
            <CopyButton content={name.toLowerCase()} text={() => id} />
          </>
        )}
      </dd>
    </div>
  );
}
