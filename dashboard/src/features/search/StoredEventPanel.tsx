import type { StoredEvent } from "@/domain/storedEvent";
import { escapeInvisible } from "@/lib/invisibleCharacters";
import { Field, FieldList } from "@/ui/FieldList";
import { JsonTree } from "@/ui/json/JsonTree";
import { Panel } from "@/ui/Panel";
import { RelativeTime } from "@/ui/RelativeTime";
import { StatusBadge } from "@/ui/StatusBadge";
import classes from "./SearchResults.module.css";

/** All columns of a stored event. `duplicateId`: the search was for the request id of a duplicate of it. */
export function StoredEventPanel({ event, duplicateId }: { event: StoredEvent; duplicateId: string | null }) {
  return (
    <Panel
      title={escapeInvisible(event.event_type)}
      actions={<StatusBadge tone="good">{`Stored: ${event.status}`}</StatusBadge>}
    >
      <div className={classes.event}>
        {duplicateId && (
          <p className={classes.duplicate}>
            Request {escapeInvisible(duplicateId)} was a duplicate of this event; no row was stored for it.
          </p>
        )}
        <FieldList>
          <Field name="Event id" id={event.event_id} />
          <Field name="Tenant" id={event.tenant_id} />
          <Field name="Idempotency key" id={event.idempotency_key} />
          <Field name="Request id" id={event.request_id} />
          <Field name="Row id" id={event.id} />
          <Field name="Schema version">{event.schema_version}</Field>
          <TimestampField name="Occurred" at={event.occurred_at} />
          <TimestampField name="Received" at={event.received_at} />
          <TimestampField name="Processed" at={event.processed_at} />
        </FieldList>
        <JsonTree document={event.payload} label="Payload" />
        {event.extensions && <JsonTree document={event.extensions} label="Other fields of the event" />}
      </div>
    </Panel>
  );
}

function TimestampField({ name, at }: { name: string; at: string }) {
  return (
    <Field name={name}>
      {at} (<RelativeTime at={at} />)
    </Field>
  );
}
