import { IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { counted } from "@/lib/numbers";
import classes from "./JsonTree.module.css";
import { type JsonRow, sizeOf, visibly } from "./jsonRows";

/** Longer strings are cut until asked for. */
const MAX_SHOWN = 600;

type JsonTreeRowProps = { row: JsonRow; text: string; onToggle: (path: string) => void };

/** A line of the tree: a value that opens and closes, or a scalar. */
export function JsonTreeRow({ row, text, onToggle }: JsonTreeRowProps) {
  const inside = sizeOf(row.value);
  return (
    <>
      {inside > 0 ? (
        <button
          type="button"
          className={classes.toggle}
          aria-expanded={row.open}
          aria-label={`${row.open ? "Close" : "Open"} ${row.label ?? "the outermost value"}`}
          onClick={() => onToggle(row.path)}
        >
          <IconChevronRight size={14} />
        </button>
      ) : (
        <span className={classes.space} />
      )}
      <span className={classes.text}>
        {row.label !== null && <Label label={row.label} />}
        {inside > 0 ? (
          <Summary row={row} />
        ) : (
          <Scalar text={text.slice(row.value.start, row.value.end)} kind={row.value.kind} />
        )}
      </span>
    </>
  );
}

function Label({ label }: { label: string }) {
  const named = label.startsWith('"');
  return (
    <>
      <span className={named ? classes.name : classes.quiet}>
        {visibly(named ? label.slice(1, -1) : label)}
      </span>
      <span className={classes.quiet}>: </span>
    </>
  );
}

function Summary({ row }: { row: JsonRow }) {
  const isObject = row.value.kind === "object";
  const inside = counted(sizeOf(row.value), isObject ? "member" : "item");
  return <span className={classes.quiet}>{isObject ? `{ ${inside} }` : `[ ${inside} ]`}</span>;
}

function Scalar({ text, kind }: { text: string; kind: string }) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > MAX_SHOWN;
  return (
    <>
      <span data-kind={kind}>{visibly(cut ? `${text.slice(0, MAX_SHOWN)}…` : text)}</span>
      {cut && (
        <button type="button" className={classes.more} onClick={() => setWhole(true)}>
          show all {text.length} characters
        </button>
      )}
    </>
  );
}
