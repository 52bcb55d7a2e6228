import { createColumnHelper, tableFeatures } from "@tanstack/react-table";
import type { DeadLetter } from "@/api/types";
import { visibly } from "@/ui/json/jsonRows";
import { RelativeTime } from "@/ui/RelativeTime";
import classes from "./DeadLetterTable.module.css";

export const features = tableFeatures({});
const helper = createColumnHelper<typeof features, DeadLetter>();

export const deadLetterColumns = helper.columns([
  helper.accessor("failed_at", {
    header: "Failed",
    cell: ({ getValue }) => <RelativeTime at={getValue()} />,
  }),
  helper.accessor("code", {
    header: "Code",
    cell: ({ getValue }) => <span className={classes.code}>{getValue()}</span>,
  }),
  helper.accessor("reason", { header: "Reason", cell: ({ row }) => <Reason letter={row.original} /> }),
  helper.accessor("tenant_id", { header: "Tenant", cell: ({ getValue }) => <Readable text={getValue()} /> }),
  helper.accessor("event_id", { header: "Event id", cell: ({ getValue }) => <Readable text={getValue()} /> }),
]);

/** The code has a column of its own, so only the detail is left. */
function Reason({ letter: { code, reason } }: { letter: DeadLetter }) {
  const detail = reason.startsWith(`${code}: `) ? reason.slice(code.length + 2) : reason;
  return <span title={reason}>{visibly(detail)}</span>;
}

function Readable({ text }: { text: string | null }) {
  if (text === null) return <span className={classes.quiet}>unreadable</span>;
  return <span title={text}>{visibly(text)}</span>;
}
