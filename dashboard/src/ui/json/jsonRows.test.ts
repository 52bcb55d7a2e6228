import { expect, it } from "vitest";
import { parseJson } from "@/lib/json";
import { rowsOf, visibly } from "./jsonRows";

it("draws the lines inside open values only", () => {
  const document = parseJson('{"a":{"b":1},"c":[2,3]}');
  const labels = (open: (path: string, level: number) => boolean) =>
    rowsOf(document, open).map((row) => row.label);
  expect(labels(() => true)).toEqual([null, '"a"', '"b"', '"c"', "0", "1"]);
  expect(labels((_, level) => level < 1)).toEqual([null, '"a"', '"c"']);
});

it("an empty object is never open", () => {
  expect(rowsOf(parseJson("{}"), () => true)).toMatchObject([{ open: false }]);
});

it("shows characters that turn or hide text as their escapes", () => {
  expect(visibly("user\u202Egpj.exe\u200B")).toBe("user\\u202egpj.exe\\u200b");
});
