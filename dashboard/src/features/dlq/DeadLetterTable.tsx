import { IconChevronRight } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type Row, useTable } from "@tanstack/react-table";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { DeadLetter } from "@/domain/deadLetter";
import { DeadLetterDetail } from "@/ui/deadLetter/DeadLetterDetail";
import classes from "./DeadLetterTable.module.css";
import { deadLetterColumns, features } from "./deadLetterColumns";
import type { DlqFilters } from "./filters";

type DeadLetterTableProps = { deadLetters: DeadLetter[]; filters: DlqFilters };

/** Dead letters as rows that expand. Only the rows in the viewport are rendered: there may be thousands. */
export function DeadLetterTable({ deadLetters, filters }: DeadLetterTableProps) {
  const table = useTable({
    features,
    columns: deadLetterColumns,
    data: deadLetters,
    getRowId: (deadLetter) => String(deadLetter.id),
  });
  const toggle = useToggle(filters);
  return (
    <div
      className={classes.table}
      role="table"
      aria-label="Dead letters"
      aria-rowcount={deadLetters.length + 1}
    >
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
        expandedId={filters.open}
        onToggle={toggle}
        FlexRender={table.FlexRender}
      />
    </div>
  );
}

/** Expands a dead letter, or collapses the expanded one, by changing the URL. */
function useToggle({ open, ...rest }: DlqFilters): (id: string) => void {
  const navigate = useNavigate();
  return (id) =>
    void navigate({
      to: "/dlq",
      search: id === open ? rest : { ...rest, open: id },
      replace: true,
      resetScroll: false,
    });
}

type DeadLetterTableRow = Row<typeof features, DeadLetter>;

type VirtualRowsProps = {
  rows: readonly DeadLetterTableRow[];
  expandedId: string | undefined;
  onToggle: (id: string) => void;
  FlexRender: ReturnType<typeof useTable<typeof features, DeadLetter>>["FlexRender"];
};

function VirtualRows({ rows, expandedId, onToggle, FlexRender }: VirtualRowsProps) {
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
              <ExpandableRow
                row={row}
                index={item.index}
                isExpanded={row.id === expandedId}
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

type ExpandableRowProps = Pick<VirtualRowsProps, "onToggle" | "FlexRender"> & {
  row: DeadLetterTableRow;
  index: number;
  isExpanded: boolean;
};

function ExpandableRow({ row, index, isExpanded, onToggle, FlexRender }: ExpandableRowProps) {
  const detailId = `dead-letter-${row.id}`;
  // A click on the button bubbles up to here, too. Selecting text is not a click.
  const toggle = () => window.getSelection()?.isCollapsed !== false && onToggle(row.id);
  return (
    <>
      <div
        role="row"
        aria-rowindex={index + 2}
        className={`${classes.cells} ${classes.line}`}
        onClick={toggle}
      >
        {row.getAllCells().map((cell, column) => (
          <div key={cell.id} role="cell" className={classes.cell} data-column={cell.column.id}>
            {column === 0 && (
              <button
                type="button"
                className={classes.toggle}
                aria-expanded={isExpanded}
                aria-controls={detailId}
                aria-label={`${isExpanded ? "Collapse" : "Expand"} the dead letter of ${row.original.failed_at}`}
              >
                <IconChevronRight size={15} aria-hidden />
              </button>
            )}
            <FlexRender cell={cell} />
          </div>
        ))}
      </div>
      {isExpanded && (
        <div role="row" id={detailId}>
          <div role="cell" aria-colspan={row.getAllCells().length}>
            <DeadLetterDetail deadLetter={row.original} />
          </div>
        </div>
      )}
    </>
  );
}
