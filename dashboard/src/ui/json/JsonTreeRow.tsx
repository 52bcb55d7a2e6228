import { IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { escapeInvisible } from "@/lib/invisibleCharacters";
import { pluralize } from "@/lib/numbers";
import classes from "./JsonTree.module.css";
import { childCount, type JsonRow } from "./jsonRows";

/** Longer strings are truncated until the user asks for the rest. */
const MAX_CHARACTERS = 600;

type JsonTreeRowProps = { row: JsonRow; text: string; onToggle: (path: string) => void };

/** A line of the tree: an object or array with its toggle, or a scalar. */
export function JsonTreeRow({ row, text, onToggle }: JsonTreeRowProps) {
  const hasChildren = childCount(row.value) > 0;
  return (
    <>
      {hasChildren ? (
        <button
          type="button"
          className={classes.toggle}
          aria-expanded={row.expanded}
          aria-label={`${row.expanded ? "Collapse" : "Expand"} ${row.label ?? "the root"}`}
          onClick={() => onToggle(row.path)}
        >
          <IconChevronRight size={14} />
        </button>
      ) : (
        <span className={classes.space} />
      )}
      <span className={classes.text}>
        {row.label !== null && <Label label={row.label} />}
        {hasChildren ? (
          <Summary row={row} />
        ) : (
          <Scalar text={text.slice(row.value.start, row.value.end)} kind={row.value.kind} />
        )}
      </span>
    </>
  );
}

function Label({ label }: { label: string }) {
  const isMemberName = label.startsWith('"');
  return (
    <>
      <span className={isMemberName ? classes.name : classes.quiet}>
        {escapeInvisible(isMemberName ? label.slice(1, -1) : label)}
      </span>
      <span className={classes.quiet}>: </span>
    </>
  );
}

function Summary({ row }: { row: JsonRow }) {
  const isObject = row.value.kind === "object";
  const size = pluralize(childCount(row.value), isObject ? "member" : "item");
  return <span className={classes.quiet}>{isObject ? `{ ${size} }` : `[ ${size} ]`}</span>;
}

function Scalar({ text, kind }: { text: string; kind: string }) {
  const [showAll, setShowAll] = useState(false);
  const truncated = !showAll && text.length > MAX_CHARACTERS;
  return (
    <>
      <span data-kind={kind}>{escapeInvisible(truncated ? `${text.slice(0, MAX_CHARACTERS)}…` : text)}</span>
      {truncated && (
        <button type="button" className={classes.more} onClick={() => setShowAll(true)}>
          show all {text.length} characters
        </button>
      )}
    </>
  );
}
