import { describe, expect, it } from "vitest";
import { memberOf, parseJson, sourceText } from "./json";

describe("parseJson", () => {
  it("keeps a number's source text, even where a double would round it", () => {
    for (const number of ["12345678901234567890", "1e5", "0.10", "-0", "1E+400", "123.4567890123456789"]) {
      expect(sourceText(parseJson(` ${number} `))).toBe(number);
    }
  });

  it("keeps repeated names and their order", () => {
    const { value } = parseJson('{"b":1,"a":2,"b":3,"2":0,"1":0}');
    expect(value.kind === "object" && value.members.map((member) => member.name)).toEqual([
      "b",
      "a",
      "b",
      "2",
      "1",
    ]);
  });

  it("finds the last of repeated names, as JSON.parse does", () => {
    const member = memberOf(parseJson('{"a":1,"a":[2]}'), "a");
    expect(member && sourceText(member)).toBe("[2]");
  });

  it("treats __proto__ as an ordinary name", () => {
    const { value } = parseJson('{"__proto__":{"x":1}}');
    expect(value.kind === "object" && value.members[0]?.name).toBe("__proto__");
  });

  it("decodes strings", () => {
    const { value } = parseJson('"\\u00e9\\n\\"\\ud83d\\ude00/"');
    expect(value).toMatchObject({ kind: "string", value: 'é\n"😀/' });
  });

  it("agrees with JSON.parse on the structure", () => {
    const text = ' {"a": [1, -2.5e-3, true, false, null, "x"], "b": {}, "c": []} ';
    expect(JSON.parse(sourceText(parseJson(text)))).toEqual(JSON.parse(text));
  });

  it("parses strings of a megabyte", () => {
    const text = `"${'x\\"'.repeat(350_000)}"`;
    expect(sourceText(parseJson(text))).toBe(text);
  });

  it.each([
    "",
    "{",
    "[1,]",
    '{"a":1,}',
    "{a:1}",
    "01",
    "1.",
    "+1",
    ".5",
    "NaN",
    "tru",
    "'a'",
    '"\\x"',
    '"a\nb"',
    '"open',
    "1 2",
    "[1}",
  ])("rejects %j with a SyntaxError", (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it("rejects nesting that would exhaust the stack", () => {
    expect(() => parseJson("[".repeat(100_000))).toThrow("nested beyond");
  });
});
