import type { DeadLetter, DlqAnswer, EventsAnswer, StoredEvent } from "@/api/types";
import { type JsonDocument, memberOf, parseJson } from "@/lib/json";

/**
 * Answers that carry what producers wrote. Their own fields are read by JSON.parse; a producer's values are taken
 * from the answer's text, so that a number shows as it was written.
 */
export function readEvents(text: string): Found {
  const answer: EventsAnswer = JSON.parse(text);
  const document = parseJson(text);
  const events = itemsOf(document, "events");
  return {
    events: answer.events.map((event, at) => ({
      ...event,
      payload: written(events[at], "payload"),
      extensions: event.extensions === null ? null : written(events[at], "extensions"),
    })),
    deadLetters: deadLetters(answer.dead_letters, document),
    truncated: answer.truncated,
  };
}

export type Found = { events: StoredEvent[]; deadLetters: DeadLetter[]; truncated: boolean };

export type DlqPage = Omit<DlqAnswer, "dead_letters"> & { deadLetters: DeadLetter[] };

export function readDlqPage(text: string): DlqPage {
  const { dead_letters, ...rest }: DlqAnswer = JSON.parse(text);
  return { ...rest, deadLetters: deadLetters(dead_letters, parseJson(text)) };
}

function deadLetters(answer: DlqAnswer["dead_letters"], document: JsonDocument): DeadLetter[] {
  const items = itemsOf(document, "dead_letters");
  return answer.map((letter, at) => ({ ...letter, original: written(items[at], "original") }));
}

function itemsOf(document: JsonDocument, name: string): JsonDocument[] {
  const list = memberOf(document, name);
  if (list?.value.kind !== "array") return [];
  return list.value.items.map((value) => ({ text: document.text, value }));
}

/** Keeps only the text of the value itself, so that a page of the list is not held by one entry of it. */
function written(item: JsonDocument | undefined, name: string): JsonDocument {
  const found = item && memberOf(item, name);
  if (!found) throw new SyntaxError(`The answer has an entry without "${name}"`);
  return parseJson(found.text.slice(found.value.start, found.value.end));
}
