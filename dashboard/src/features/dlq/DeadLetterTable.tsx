import { IconChevronRight } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type Row, useTable } from "@tanstack/react-table";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { DeadLetter } from "@/api/types";
import { DeadLetterDetail } from "@/ui/deadLetter/DeadLetterDetail";
import classes from "./DeadLetterTable.module.css";
import { deadLetterColumns, features } from "./deadLetterColumns";
import type { DlqFilters } from "./filters";

type LetterRow = Row<typeof features, DeadLetter>;
type DeadLetterTableProps = { letters: DeadLetter[]; filters: DlqFilters };

/** Dead letters as lines that unfold; of thousands only those in sight are drawn. */
export function DeadLetterTable({ letters, filters }: DeadLetterTableProps) {
  const table = useTable({
    features,
    columns: deadLetterColumns,
    data: letters,
    getRowId: (letter) => String(letter.id),
  });
  const navigate = useNavigate();
  const { open, ...rest } = filters;
  const toggle = (id: string) =>
    void navigate({
      to: "/dlq",
      search: id === open ? rest : { ...rest, open: id },
      replace: true,
      resetScroll: false,
    });
  return (
    <div className={classes.table} role="table" aria-label="Dead letters" aria-rowcount={letters.length + 1}>
      <div role="rowgroup">
        <div role="row" className={`${classes.cells} ${classes.head}`}>
          {table.getFlatHeaders().map((header) => (
            <div key={header.id} role="columnheader">
              <table.FlexRender header={header} />
            </div>
          ))}
        </div>
      </div>
      <VirtualRows
        rows={table.getRowModel().rows}
        open={open}
        onToggle={toggle}
        FlexRender={table.FlexRender}
      />
    </div>
  );
}

type VirtualRowsProps = {
  rows: readonly LetterRow[];
  open: string | undefined;
  onToggle: (id: string) => void;
  FlexRender: ReturnType<typeof useTable<typeof features, DeadLetter>>["FlexRender"];
};

function VirtualRows({ rows, open, onToggle, FlexRender }: VirtualRowsProps) {
  const list = useRef<HTMLDivElement>(null);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => 40,
    overscan: 12,
    scrollMargin: list.current?.offsetTop ?? 0,
    getItemKey: (index) => rows[index]?.id ?? index,
    initialRect: { width: 1200, height: 900 },
  });
  return (
    <div ref={list} role="rowgroup" className={classes.rows} style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map((item) => {
        const row = rows[item.index];
        return (
          row && (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              className={classes.row}
              style={{ transform: `translateY(${item.start - virtual.options.scrollMargin}px)` }}
            >
              <Line
                row={row}
                index={item.index}
                isOpen={row.id === open}
                onToggle={onToggle}
                FlexRender={FlexRender}
              />
            </div>
          )
        );
      })}
    </div>
  );
}

type LineProps = Pick<VirtualRowsProps, "onToggle" | "FlexRender"> & {
  row: LetterRow;
  index: number;
  isOpen: boolean;
};

function Line({ row, index, isOpen, onToggle, FlexRender }: LineProps) {
  const detail = `dead-letter-${row.id}`;
  // A press of the button arrives here too. Selecting text is no click.
  const toggle = () => window.getSelection()?.isCollapsed !== false && onToggle(row.id);
  return (
    <>
      <div
        role="row"
        aria-rowindex={index + 2}
        className={`${classes.cells} ${classes.line}`}
        onClick={toggle}
      >
        {row.getAllCells().map((cell, at) => (
          <div key={cell.id} role="cell" className={classes.cell} data-column={cell.column.id}>
            {at === 0 && (
              <button
                type="button"
                className={classes.toggle}
                aria-expanded={isOpen}
                aria-controls={detail}
                aria-label={`${isOpen ? "Fold" : "Unfold"} the dead letter of ${row.original.failed_at}`}
              >
                <IconChevronRight size={15} aria-hidden />
              </button>
            )}
            <FlexRender cell={cell} />
          </div>
        ))}
      </div>
      {isOpen && (
        <div role="row" id={detail}>
          <div role="cell" aria-colspan={row.getAllCells().length}>
            <DeadLetterDetail letter={row.original} />
          </div>
        </div>
      )}
    </>
  );
}
