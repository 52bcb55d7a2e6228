import { type DeadLetter, originalValue } from "@/domain/deadLetter";
import { escapeInvisible } from "@/lib/invisibleCharacters";
import { Field, FieldList } from "@/ui/FieldList";
import { RelativeTime } from "@/ui/RelativeTime";
import classes from "./DeadLetterDetail.module.css";
import { OriginalRecord } from "./OriginalRecord";

/** Shown for a field that could not be read from the record. */
const UNREADABLE = "unreadable";

/** A whole dead letter: its reason, its fields, its position in Kafka and the original record. */
export function DeadLetterDetail({ deadLetter }: { deadLetter: DeadLetter }) {
  const { source } = deadLetter;
  return (
    <div className={classes.detail}>
      <div className={classes.reason}>{escapeInvisible(deadLetter.reason)}</div>
      <FieldList>
        <Field name="Failed">
          <RelativeTime at={deadLetter.failed_at} />
        </Field>
        <Field name="Tenant" id={deadLetter.tenant_id} placeholder={UNREADABLE} />
        <Field name="Event id" id={deadLetter.event_id} placeholder={UNREADABLE} />
        <Field name="Idempotency key" id={deadLetter.idempotency_key} placeholder={UNREADABLE} />
        <Field name="Request id" id={deadLetter.request_id} placeholder={UNREADABLE} />
        <Field
          name="Topic / partition / offset"
          id={`${source.topic} / ${source.partition} / ${source.offset}`}
        />
      </FieldList>
      <OriginalRecord value={originalValue(deadLetter)} />
    </div>
  );
}
