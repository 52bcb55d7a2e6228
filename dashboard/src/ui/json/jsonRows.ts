import type { JsonDocument, JsonValue } from "@/lib/json";

/** One line of the drawn tree. `path` tells it apart from all others and says what is open. */
export type JsonRow = {
  path: string;
  level: number;
  /** The member's name as JSON text, an item's number, or nothing for the outermost value. */
  label: string | null;
  value: JsonValue;
  open: boolean;
};

/** How many values are inside this one, itself not counted. */
export function sizeOf(value: JsonValue): number {
  return value.kind === "object" ? value.members.length : value.kind === "array" ? value.items.length : 0;
}

/** The lines to draw, from the outside in, those inside closed values left out. */
export function rowsOf(document: JsonDocument, isOpen: (path: string, level: number) => boolean): JsonRow[] {
  const rows: JsonRow[] = [];
  const visit = (value: JsonValue, label: string | null, path: string, level: number) => {
    const open = sizeOf(value) > 0 && isOpen(path, level);
    rows.push({ path, level, label, value, open });
    if (!open) return;
    for (const [at, inner] of insideOf(value).entries()) {
      visit(inner.value, inner.label, `${path}/${at}`, level + 1);
    }
  };
  visit(document.value, null, "", 0);
  return rows;
}

function insideOf(value: JsonValue): { label: string; value: JsonValue }[] {
  if (value.kind === "array") return value.items.map((item, at) => ({ label: String(at), value: item }));
  if (value.kind !== "object") return [];
  return value.members.map((member) => ({ label: JSON.stringify(member.name), value: member.value }));
}

/** Characters that turn or hide the text around them; drawn as their escapes, so that nothing can pose as other text. */
const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export function visibly(text: string): string {
  return text.replace(
    INVISIBLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
