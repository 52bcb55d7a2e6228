import { createColumnHelper, tableFeatures } from "@tanstack/react-table";
import { type DeadLetter, reasonDetail } from "@/domain/deadLetter";
import { escapeInvisible } from "@/lib/invisibleCharacters";
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
  helper.accessor("reason", {
    header: "Reason",
    cell: ({ row }) => <span title={row.original.reason}>{escapeInvisible(reasonDetail(row.original))}</span>,
  }),
  helper.accessor("tenant_id", { header: "Tenant", cell: ({ getValue }) => <RecordId id={getValue()} /> }),
  helper.accessor("event_id", { header: "Event id", cell: ({ getValue }) => <RecordId id={getValue()} /> }),
]);

/** An id from the record, or "unreadable" where the record could not be parsed. */
function RecordId({ id }: { id: string | null }) {
  if (id === null) return <span className={classes.quiet}>unreadable</span>;
  return <span title={id}>{escapeInvisible(id)}</span>;
}
