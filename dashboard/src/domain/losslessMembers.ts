import { type JsonDocument, memberOf, parseJson } from "@/lib/json";

/**
 * The items of the array `name`, each with its source text. JSON.parse is fine for the API's own fields; what
 * producers wrote is taken from the text, because JSON.parse would round their numbers.
 */
export function arrayItems(document: JsonDocument, name: string): JsonDocument[] {
  const list = memberOf(document, name);
  if (list?.value.kind !== "array") return [];
  return list.value.items.map((value) => ({ text: document.text, value }));
}

/** A member as a document of its own: its text is copied, so that one entry does not keep a whole body in memory. */
export function memberDocument(item: JsonDocument | undefined, name: string): JsonDocument {
  const member = item && memberOf(item, name);
  if (!member) throw new SyntaxError(`The response has an entry without "${name}"`);
  return parseJson(member.text.slice(member.value.start, member.value.end));
}
