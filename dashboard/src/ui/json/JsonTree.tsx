import { Button } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { type JsonDocument, sourceText } from "@/lib/json";
import { toggled } from "@/lib/sets";
import { CodeFrame } from "@/ui/CodeFrame";
import { CopyButton } from "@/ui/CopyButton";
import classes from "./JsonTree.module.css";
import { JsonTreeRow } from "./JsonTreeRow";
import { childCount, type JsonRow, visibleRows } from "./jsonRows";

/** Values below this level start collapsed. */
const EXPANDED_LEVELS = 2;

type JsonTreeProps = { document: JsonDocument; label: string };

/** JSON as a collapsible tree. It renders text only, never markup, and only the lines in the viewport. */
export function JsonTree({ document, label }: JsonTreeProps) {
  const tree = useTree(document);
  return (
    <CodeFrame
      label={label}
      actions={
        <>
          {childCount(document.value) > 0 && (
            <Button size="compact-sm" variant="default" onClick={tree.toggleAll}>
              {tree.allExpanded ? "Collapse" : "Expand all"}
            </Button>
          )}
          <CopyButton content={label} label="Copy" text={() => sourceText(document)} />
        </>
      }
    >
      <TreeRows rows={tree.rows} text={document.text} label={label} onToggle={tree.toggle} />
    </CodeFrame>
  );
}

function useTree(document: JsonDocument) {
  const [allExpanded, setAllExpanded] = useState(false);
  const [toggledPaths, setToggledPaths] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => {
    const byDefault = (level: number) => allExpanded || level < EXPANDED_LEVELS;
    return visibleRows(document, (path, level) => byDefault(level) !== toggledPaths.has(path));
  }, [document, allExpanded, toggledPaths]);
  const toggle = (path: string) => setToggledPaths((paths) => toggled(paths, path));
  const toggleAll = () => {
    setAllExpanded(!allExpanded);
    setToggledPaths(new Set());
  };
  return { rows, allExpanded, toggle, toggleAll };
}

type TreeRowsProps = {
  rows: readonly JsonRow[];
  text: string;
  label: string;
  onToggle: (path: string) => void;
};

function TreeRows({ rows, text, label, onToggle }: TreeRowsProps) {
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
