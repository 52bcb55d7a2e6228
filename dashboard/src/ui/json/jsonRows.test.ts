import { expect, it } from "vitest";
import { parseJson } from "@/lib/json";
import { visibleRows } from "./jsonRows";

it("shows the children of expanded values only", () => {
  const document = parseJson('{"a":{"b":1},"c":[2,3]}');
  const labels = (isExpanded: (path: string, level: number) => boolean) =>
    visibleRows(document, isExpanded).map((row) => row.label);
  expect(labels(() => true)).toEqual([null, '"a"', '"b"', '"c"', "0", "1"]);
  expect(labels((_, level) => level < 1)).toEqual([null, '"a"', '"c"']);
});

it("never expands an empty object", () => {
  expect(visibleRows(parseJson("{}"), () => true)).toMatchObject([{ expanded: false }]);
});
