import { describe, expect, it } from "vitest";
import { textOf } from "@/lib/json";
import { dlqPage, found, PAYLOAD } from "@/testing/responses";
import { readDlqPage, readEvents } from "./responses";

describe("readEvents", () => {
  it("keeps the payload as it was written and the row's own fields as values", () => {
    const { events, deadLetters } = readEvents(found(0));
    expect(events[0] && textOf(events[0].payload)).toBe(PAYLOAD);
    expect(events[0]?.schema_version).toBe(1);
    expect(deadLetters[0]?.source.partition).toBe(1);
  });

  it("has no document for absent extensions", () => {
    const text = found(0).replace('{"source":"web"}', "null");
    expect(readEvents(text).events[0]?.extensions).toBeNull();
  });
});

describe("readDlqPage", () => {
  it("keeps every original as it was written, by its encoding", () => {
    const { deadLetters } = readDlqPage(dlqPage(0, 4));
    expect(deadLetters.map((letter) => textOf(letter.original))).toEqual([
      expect.stringContaining("12345678901234567890"),
      '"hello, this is no JSON {"',
      '"AAECAwQF/v8="',
      "null",
    ]);
  });
});
