import { expect, it } from "vitest";
import { sourceText } from "@/lib/json";
import { dlqPage } from "@/testing/responses";
import { parseDlqPage } from "./deadLetter";

it("parseDlqPage keeps the source text of every original, whatever its encoding", () => {
  const { deadLetters } = parseDlqPage(dlqPage(0, 4));
  expect(deadLetters.map(({ original }) => sourceText(original))).toEqual([
    expect.stringContaining("12345678901234567890"),
    '"hello, this is not JSON {"',
    '"AAECAwQF/v8="',
    "null",
  ]);
});
