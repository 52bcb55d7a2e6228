import { describe, expect, it } from "vitest";
import { sourceText } from "@/lib/json";
import { eventSearch, PAYLOAD } from "@/testing/responses";
import { parseEventSearch } from "./storedEvent";

describe("parseEventSearch", () => {
  it("keeps the payload's source text and the row's own fields as values", () => {
    const { events, deadLetters } = parseEventSearch(eventSearch(0));
    expect(events[0] && sourceText(events[0].payload)).toBe(PAYLOAD);
    expect(events[0]?.schema_version).toBe(1);
    expect(deadLetters[0]?.source.partition).toBe(1);
  });

  it("has no document for absent extensions", () => {
    const body = eventSearch(0).replace('{"source":"web"}', "null");
    expect(parseEventSearch(body).events[0]?.extensions).toBeNull();
  });
});
