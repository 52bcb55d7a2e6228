import type { EventSearchResponse } from "@/api/types";
import { type JsonDocument, parseJson } from "@/lib/json";
import { type DeadLetter, withOriginals } from "./deadLetter";
import { arrayItems, memberDocument } from "./losslessMembers";

/** A row of `events`, with the producer's JSON parsed without loss. */
export type StoredEvent = Omit<EventSearchResponse["events"][number], "payload" | "extensions"> & {
  payload: JsonDocument;
  extensions: JsonDocument | null;
};

/** All events and dead letters with an id or key, newest first; `truncated`: there are more. */
export type EventSearchResult = { events: StoredEvent[]; deadLetters: DeadLetter[]; truncated: boolean };

/** Parses the body of an event search. */
export function parseEventSearch(body: string): EventSearchResult {
  const response: EventSearchResponse = JSON.parse(body);
  const document = parseJson(body);
  const events = arrayItems(document, "events");
  return {
    events: response.events.map((event, index) => ({
      ...event,
      payload: memberDocument(events[index], "payload"),
      extensions: event.extensions === null ? null : memberDocument(events[index], "extensions"),
    })),
    deadLetters: withOriginals(response.dead_letters, document),
    truncated: response.truncated,
  };
}

export function isEmptyResult({ events, deadLetters }: EventSearchResult): boolean {
  return events.length === 0 && deadLetters.length === 0;
}
