import { Skeleton, Stack } from "@mantine/core";
import { IconListSearch, IconZoomQuestion } from "@tabler/icons-react";
import { type EventSearchResult, isEmptyResult, type StoredEvent } from "@/domain/storedEvent";
import { pluralize } from "@/lib/numbers";
import { DeadLetterDetail } from "@/ui/deadLetter/DeadLetterDetail";
import { EmptyState } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";
import { SendEventCommand } from "@/ui/SendEventCommand";
import type { SearchTerms } from "./filters";
import classes from "./SearchResults.module.css";
import { StoredEventPanel } from "./StoredEventPanel";

type SearchResultsProps = { query: QueryState<EventSearchResult>; terms: SearchTerms | null };

/** The events and dead letters found, or why there are none. */
export function SearchResults({ query, terms }: SearchResultsProps) {
  if (!terms) return <SearchPrompt />;
  return (
    <QueryStateView
      query={query}
      subject="the event"
      loading={<Skeletons />}
      isEmpty={isEmptyResult}
      empty={<EventNotFound terms={terms} />}
    >
      {(result) => <ResultList result={result} terms={terms} />}
    </QueryStateView>
  );
}

function ResultList({ result, terms }: { result: EventSearchResult; terms: SearchTerms }) {
  return (
    <>
      <p className={classes.summary} role="status">
        {summaryOf(result)}
      </p>
      {result.events.map((event) => (
        <StoredEventPanel
          key={event.id}
          event={event}
          duplicateId={isDuplicate(terms, event) ? terms.value : null}
        />
      ))}
      {result.deadLetters.map((deadLetter) => (
        <Panel key={deadLetter.id} title={`Dead letter: ${deadLetter.code}`}>
          <div className={classes.deadLetter}>
            <DeadLetterDetail deadLetter={deadLetter} />
          </div>
        </Panel>
      ))}
    </>
  );
}

/** The request id of a duplicate finds the row of the first request. */
function isDuplicate({ by, value }: SearchTerms, { id, request_id }: StoredEvent): boolean {
  return by === "request_id" && value !== request_id && value !== id;
}

function summaryOf({ events, deadLetters, truncated }: EventSearchResult): string {
  const counts = [
    events.length > 0 && pluralize(events.length, "stored event"),
    deadLetters.length > 0 && pluralize(deadLetters.length, "dead letter"),
  ];
  const summary = `Found ${counts.filter(Boolean).join(" and ")}.`;
  return truncated ? `${summary} There are more; only the newest are shown.` : summary;
}

function SearchPrompt() {
  return (
    <Panel title="Find an event">
      <EmptyState
        icon={<IconListSearch size={22} stroke={1.6} />}
        title="Search by event id, idempotency key or request id"
        action={<SendEventCommand />}
      >
        The search covers stored events and dead letters. To try it, run this command, then search tenant_a
        for the event id “first”.
      </EmptyState>
    </Panel>
  );
}

function EventNotFound({ terms }: { terms: SearchTerms }) {
  const field = { event_id: "event id", idempotency_key: "idempotency key", request_id: "request id" }[
    terms.by
  ];
  return (
    <Panel title="Not found">
      <div role="status">
        <EmptyState icon={<IconZoomQuestion size={22} stroke={1.6} />} title={`No event with this ${field}`}>
          No stored event and no dead letter of {terms.tenant || "any tenant"} has the {field} “{terms.value}
          ”. An event that was just accepted may still be waiting in Kafka: see the lag on the Pipeline page.
          This page keeps searching.
        </EmptyState>
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
