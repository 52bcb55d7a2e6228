import type { DeadLetter } from "@/api/types";
import { Fact, Facts } from "@/ui/FieldList";
import { visibly } from "@/ui/json/jsonRows";
import { RelativeTime } from "@/ui/RelativeTime";
import classes from "./DeadLetterDetail.module.css";
import { Original } from "./OriginalRecord";

const UNREADABLE = "unreadable";

/** All of a dead letter: why, where from, and the message as it was. */
export function DeadLetterDetail({ letter }: { letter: DeadLetter }) {
  const { source } = letter;
  return (
    <div className={classes.detail}>
      <div className={classes.reason}>{visibly(letter.reason)}</div>
      <Facts>
        <Fact name="Failed">
          <RelativeTime at={letter.failed_at} />
        </Fact>
        <Fact name="Tenant" id={letter.tenant_id} none={UNREADABLE} />
        <Fact name="Event id" id={letter.event_id} none={UNREADABLE} />
        <Fact name="Idempotency key" id={letter.idempotency_key} none={UNREADABLE} />
        <Fact name="Request id" id={letter.request_id} none={UNREADABLE} />
        <Fact name="Source" id={`${source.topic} / ${source.partition} / ${source.offset}`} />
      </Facts>
      <Original original={letter.original} encoding={letter.original_encoding} />
    </div>
  );
}
