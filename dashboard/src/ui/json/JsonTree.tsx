import { Button } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { type JsonDocument, textOf } from "@/lib/json";
import { TextFrame } from "@/ui/CodeFrame";
import { CopyButton } from "@/ui/CopyButton";
import classes from "./JsonTree.module.css";
import { JsonTreeRow } from "./JsonTreeRow";
import { type JsonRow, rowsOf, sizeOf } from "./jsonRows";

/** Deeper values start closed. */
const OPEN_LEVELS = 2;

type JsonTreeProps = { document: JsonDocument; label: string };

/** JSON as a tree to open and close. Only text is drawn, and of long trees only the lines in sight. */
export function JsonTree({ document, label }: JsonTreeProps) {
  const tree = useTree(document);
  return (
    <TextFrame
      label={label}
      actions={
        <>
          {sizeOf(document.value) > 0 && (
            <Button size="compact-sm" variant="default" onClick={tree.toggleAll}>
              {tree.allOpen ? "Collapse" : "Expand all"}
            </Button>
          )}
          <CopyButton what={label} label="Copy" text={() => textOf(document)} />
        </>
      }
    >
      <Rows rows={tree.rows} text={document.text} label={label} onToggle={tree.toggle} />
    </TextFrame>
  );
}

function useTree(document: JsonDocument) {
  const [allOpen, setAllOpen] = useState(false);
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => {
    const byDefault = (level: number) => allOpen || level < OPEN_LEVELS;
    return rowsOf(document, (path, level) => byDefault(level) !== toggled.has(path));
  }, [document, allOpen, toggled]);
  const toggle = (path: string) => setToggled((before) => flipped(before, path));
  const toggleAll = () => {
    setAllOpen(!allOpen);
    setToggled(new Set());
  };
  return { rows, allOpen, toggle, toggleAll };
}

function flipped(paths: ReadonlySet<string>, path: string): ReadonlySet<string> {
  const next = new Set(paths);
  if (!next.delete(path)) next.add(path);
  return next;
}

type RowsProps = { rows: readonly JsonRow[]; text: string; label: string; onToggle: (path: string) => void };

function Rows({ rows, text, label, onToggle }: RowsProps) {
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => 20,
    overscan: 20,
    initialRect: { width: 600, height: 460 },
    getItemKey: (index) => rows[index]?.path ?? index,
  });
  return (
    <section className={classes.scroll} ref={frame} tabIndex={0} aria-label={label}>
      <div className={classes.rows} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return (
            row && (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className={classes.row}
                style={{ "--level": row.level, transform: `translateY(${item.start}px)` }}
              >
                <JsonTreeRow row={row} text={text} onToggle={onToggle} />
              </div>
            )
          );
        })}
      </div>
    </section>
  );
}
