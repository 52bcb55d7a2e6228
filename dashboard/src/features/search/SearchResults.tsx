import { Skeleton, Stack } from "@mantine/core";
import { IconListSearch, IconZoomQuestion } from "@tabler/icons-react";
import type { StoredEvent } from "@/api/types";
import type { Found } from "@/domain/responses";
import { counted } from "@/lib/numbers";
import { DeadLetterDetail } from "@/ui/deadLetter/DeadLetterDetail";
import { Message } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type Asked, StateView } from "@/ui/QueryStateView";
import { FirstEvent } from "@/ui/SendEventCommand";
import type { Asking } from "./filters";
import { isNothing } from "./queries";
import classes from "./SearchResults.module.css";
import { EventPanel } from "./StoredEventPanel";

type ResultsProps = { query: Asked<Found>; asking: Asking | null };

export function Results({ query, asking }: ResultsProps) {
  if (!asking) return <NothingAsked />;
  return (
    <StateView
      query={query}
      what="the event"
      loading={<Skeletons />}
      isEmpty={isNothing}
      empty={<NotFound asking={asking} />}
    >
      {(found) => <FoundList found={found} asking={asking} />}
    </StateView>
  );
}

function FoundList({ found, asking }: { found: Found; asking: Asking }) {
  return (
    <>
      <p className={classes.summary} role="status">
        {summary(found)}
      </p>
      {found.events.map((event) => (
        <EventPanel
          key={event.id}
          event={event}
          duplicateId={isDuplicate(asking, event) ? asking.value : null}
        />
      ))}
      {found.deadLetters.map((letter) => (
        <Panel key={letter.id} title={`Dead letter: ${letter.code}`}>
          <div className={classes.letter}>
            <DeadLetterDetail letter={letter} />
          </div>
        </Panel>
      ))}
    </>
  );
}

/** The id of a request that was answered as a duplicate leads to the first one's row. */
function isDuplicate({ by, value }: Asking, { id, request_id }: StoredEvent): boolean {
  return by === "request_id" && value !== request_id && value !== id;
}

function summary({ events, deadLetters, truncated }: Found): string {
  const found = [
    events.length > 0 && counted(events.length, "stored event"),
    deadLetters.length > 0 && counted(deadLetters.length, "dead letter"),
  ];
  const words = `Found ${found.filter(Boolean).join(" and ")}.`;
  return truncated ? `${words} There are more; only the newest are shown.` : words;
}

function NothingAsked() {
  return (
    <Panel title="Find an event">
      <Message
        icon={<IconListSearch size={22} stroke={1.6} />}
        title="Search by event id, idempotency key or request id"
        action={<FirstEvent />}
      >
        Stored events and dead letters are found alike. To have something to find, send the line below and
        search for tenant_a and the event id “first”.
      </Message>
    </Panel>
  );
}

function NotFound({ asking }: { asking: Asking }) {
  const field = { event_id: "event id", idempotency_key: "idempotency key", request_id: "request id" }[
    asking.by
  ];
  return (
    <Panel title="Not found">
      <div role="status">
        <Message icon={<IconZoomQuestion size={22} stroke={1.6} />} title={`No event with this ${field}`}>
          Nothing stored and no dead letter of {asking.tenant || "any tenant"} has the {field} “{asking.value}
          ”. If it was sent just now it may still be on its way: this page keeps looking.
        </Message>
      </div>
    </Panel>
  );
}

function Skeletons() {
  return (
    <Stack gap={14}>
      <Skeleton height={22} width={180} />
      <Skeleton height={180} />
      <Skeleton height={120} />
    </Stack>
  );
}
