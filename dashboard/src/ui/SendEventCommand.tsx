import { CopyButton } from "./CopyButton";
import classes from "./SendEventCommand.module.css";

/** Works as pasted into a shell; `date` makes the idempotency key of each run unique. */
const COMMAND = `curl -i http://127.0.0.1:8080/events \\
  -H 'X-API-Key: key_a' -H 'Content-Type: application/json' \\
  -H "Idempotency-Key: first-$(date +%s)" \\
  -d '{"event_id": "first", "event_type": "greeting.sent",
       "schema_version": 1, "occurred_at": "2026-01-01T00:00:00Z",
       "payload": {"hello": "world"}}'`;

/** The command that sends an event, with a copy button. */
export function SendEventCommand() {
  return (
    <>
      <div className={classes.box}>
        <pre className={classes.code}>{COMMAND}</pre>
        <div className={classes.copy}>
          <CopyButton content="the command" text={() => COMMAND} />
        </div>
      </div>
      <p className={classes.note}>
        It uses the default address and API key; “event-platform status” prints the address in use.
      </p>
    </>
  );
}
