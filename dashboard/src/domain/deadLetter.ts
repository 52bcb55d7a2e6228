import type { DlqResponse } from "@/api/types";
import { decodeBase64 } from "@/lib/hexDump";
import { type JsonDocument, parseJson, sourceText } from "@/lib/json";
import { arrayItems, memberDocument } from "./losslessMembers";

/** A dead letter, with its original record parsed without loss. */
export type DeadLetter = Omit<DlqResponse["dead_letters"][number], "original"> & { original: JsonDocument };

/** One page of the dead-letter list, newest first. */
export type DlqPage = Omit<DlqResponse, "dead_letters"> & { deadLetters: DeadLetter[] };

/** Parses the body of a page of dead letters. */
export function parseDlqPage(body: string): DlqPage {
  const { dead_letters, ...rest }: DlqResponse = JSON.parse(body);
  return { ...rest, deadLetters: withOriginals(dead_letters, parseJson(body)) };
}

/** Adds to each dead letter its original, from the same response parsed without loss. */
export function withOriginals(entries: DlqResponse["dead_letters"], document: JsonDocument): DeadLetter[] {
  const items = arrayItems(document, "dead_letters");
  return entries.map((entry, index) => ({ ...entry, original: memberDocument(items[index], "original") }));
}

/** The value of the original Kafka record, decoded by its `original_encoding`; `null`: the record had no value. */
export type OriginalValue =
  | { kind: "json"; document: JsonDocument }
  | { kind: "text"; text: string }
  | { kind: "bytes"; bytes: Uint8Array; base64: string }
  | { kind: "null" };

export function originalValue({ original, original_encoding }: DeadLetter): OriginalValue {
  if (original_encoding === "json") return { kind: "json", document: original };
  const text = stringOf(original);
  if (original_encoding === "null" || text === null) return { kind: "null" };
  if (original_encoding === "text") return { kind: "text", text };
  return { kind: "bytes", bytes: decodeBase64(text), base64: text };
}

/** The reason without the code it begins with. */
export function reasonDetail({ code, reason }: DeadLetter): string {
  return reason.startsWith(`${code}: `) ? reason.slice(code.length + 2) : reason;
}

function stringOf(document: JsonDocument): string | null {
  const { value } = document;
  return value.kind === "string" ? value.value : value.kind === "literal" ? null : sourceText(document);
}
