/**
 * A lossless JSON parser (RFC 8259): numbers keep their source text, members their order, and repeated names are
 * all kept. `JSON.parse` would turn 12345678901234567890 into 12345678901234567000.
 *
 * Every value records where its source text begins and ends, so that it can be copied unchanged.
 */
export type JsonValue =
  | { kind: "object"; members: readonly JsonMember[]; start: number; end: number }
  | { kind: "array"; items: readonly JsonValue[]; start: number; end: number }
  | { kind: "string"; value: string; start: number; end: number }
  | { kind: "number" | "literal"; start: number; end: number };

export type JsonMember = { name: string; value: JsonValue };

/** A value with its source text. */
export type JsonDocument = { text: string; value: JsonValue };

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Finds the end of a string; JSON.parse validates its content. */
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;
const LITERAL = /true|false|null/y;
/** A payload has at most 64 levels; the API wraps it in a few of its own. */
const MAX_DEPTH = 200;

/** Parses one JSON text. Throws a SyntaxError that names the position. */
export function parseJson(text: string): JsonDocument {
  return { text, value: new Parser(text).document() };
}

/** The source text of a value, unchanged. */
export function sourceText(document: JsonDocument): string {
  return document.text.slice(document.value.start, document.value.end);
}

/** An object's member by name; of repeated names the last. */
export function memberOf(document: JsonDocument, name: string): JsonDocument | undefined {
  if (document.value.kind !== "object") return undefined;
  const member = document.value.members.findLast((candidate) => candidate.name === name);
  return member && { text: document.text, value: member.value };
}

class Parser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  document(): JsonValue {
    const value = this.value(1);
    this.space();
    if (this.at < this.text.length) this.fail("the end");
    return value;
  }

  private value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new SyntaxError(`JSON is nested beyond ${MAX_DEPTH} levels`);
    this.space();
    const start = this.at;
    switch (this.text[start]) {
      case "{":
        return { kind: "object", members: this.members(depth), start, end: this.at };
      case "[":
        return { kind: "array", items: this.items(depth), start, end: this.at };
      case '"':
        return { kind: "string", value: this.string(), start, end: this.at };
      default:
        return this.scalar(start);
    }
  }

  private scalar(start: number): JsonValue {
    if (this.take(LITERAL)) return { kind: "literal", start, end: this.at };
    if (this.take(NUMBER)) return { kind: "number", start, end: this.at };
    return this.fail("a value");
  }

  private members(depth: number): JsonMember[] {
    return this.list("}", () => {
      this.space();
      const name = this.string();
      this.expect(":");
      return { name, value: this.value(depth + 1) };
    });
  }

  private items(depth: number): JsonValue[] {
    return this.list("]", () => this.value(depth + 1));
  }

  private list<T>(close: string, read: () => T): T[] {
    this.at += 1;
    this.space();
    if (this.skip(close)) return [];
    const values = [read()];
    for (this.space(); this.skip(","); this.space()) values.push(read());
    this.expect(close);
    return values;
  }

  private string(): string {
    const start = this.at;
    if (!this.take(STRING)) this.fail("a string");
    const decoded: unknown = JSON.parse(this.text.slice(start, this.at));
    return String(decoded);
  }

  private space(): void {
    this.take(SPACE);
  }

  private expect(character: string): void {
    this.space();
    if (!this.skip(character)) this.fail(`"${character}"`);
  }

  private skip(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }

  private fail(expected: string): never {
    throw new SyntaxError(`JSON: expected ${expected} at position ${this.at}`);
  }
}
