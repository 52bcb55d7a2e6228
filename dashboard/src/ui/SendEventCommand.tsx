import { CopyButton } from "./CopyButton";
import classes from "./SendEventCommand.module.css";

/** A line that works as pasted into a shell; `date` gives each paste a key of its own. */
const COMMAND = `curl -i http://127.0.0.1:8080/events \\
  -H 'X-API-Key: key_a' -H 'Content-Type: application/json' \\
  -H "Idempotency-Key: first-$(date +%s)" \\
  -d '{"event_id": "first", "event_type": "greeting.sent",
       "schema_version": 1, "occurred_at": "2026-01-01T00:00:00Z",
       "payload": {"hello": "world"}}'`;

/** The command that sends a first event, to copy. */
export function FirstEvent() {
  return (
    <>
      <div className={classes.box}>
        <pre className={classes.code}>{COMMAND}</pre>
        <div className={classes.copy}>
          <CopyButton what="the command" text={() => COMMAND} />
        </div>
      </div>
      <p className={classes.note}>
        Address and key are the defaults; “event-platform status” names the address in use.
      </p>
    </>
  );
}
