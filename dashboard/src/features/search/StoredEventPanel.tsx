import type { StoredEvent } from "@/api/types";
import { Fact, Facts } from "@/ui/FieldList";
import { JsonTree } from "@/ui/json/JsonTree";
import { visibly } from "@/ui/json/jsonRows";
import { Panel } from "@/ui/Panel";
import { RelativeTime } from "@/ui/RelativeTime";
import { Status } from "@/ui/StatusBadge";
import classes from "./SearchResults.module.css";

/** The whole row of an event. */
export function EventPanel({ event, duplicateId }: { event: StoredEvent; duplicateId: string | null }) {
  return (
    <Panel
      title={visibly(event.event_type)}
      actions={<Status tone="good">{`Stored: ${event.status}`}</Status>}
    >
      <div className={classes.event}>
        {duplicateId && (
          <p className={classes.duplicate}>
            Request {visibly(duplicateId)} was a duplicate of this event, and stored nothing of its own.
          </p>
        )}
        <Facts>
          <Fact name="Event id" id={event.event_id} />
          <Fact name="Tenant" id={event.tenant_id} />
          <Fact name="Idempotency key" id={event.idempotency_key} />
          <Fact name="Request id" id={event.request_id} />
          <Fact name="Row id" id={event.id} />
          <Fact name="Schema version">{event.schema_version}</Fact>
          <Moment name="Occurred" at={event.occurred_at} />
          <Moment name="Received" at={event.received_at} />
          <Moment name="Processed" at={event.processed_at} />
        </Facts>
        <JsonTree document={event.payload} label="Payload" />
        {event.extensions && <JsonTree document={event.extensions} label="Other fields of the event" />}
      </div>
    </Panel>
  );
}

function Moment({ name, at }: { name: string; at: string }) {
  return (
    <Fact name={name}>
      {at} (<RelativeTime at={at} />)
    </Fact>
  );
}
