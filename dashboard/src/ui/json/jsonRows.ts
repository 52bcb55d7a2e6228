import type { JsonDocument, JsonValue } from "@/lib/json";

/** One visible line of the tree. `path` identifies it, also in the set of expanded lines. */
export type JsonRow = {
  path: string;
  level: number;
  /** A member's name as a JSON string, an item's index, or null for the root. */
  label: string | null;
  value: JsonValue;
  expanded: boolean;
};

/** The number of members or items directly inside a value; 0 for a scalar. */
export function childCount(value: JsonValue): number {
  return value.kind === "object" ? value.members.length : value.kind === "array" ? value.items.length : 0;
}

/** The visible lines in document order: the children of collapsed values are left out. */
export function visibleRows(
  document: JsonDocument,
  isExpanded: (path: string, level: number) => boolean,
): JsonRow[] {
  const rows: JsonRow[] = [];
  const visit = (value: JsonValue, label: string | null, path: string, level: number) => {
    const expanded = childCount(value) > 0 && isExpanded(path, level);
    rows.push({ path, level, label, value, expanded });
    if (!expanded) return;
    for (const [index, child] of childrenOf(value).entries()) {
      visit(child.value, child.label, `${path}/${index}`, level + 1);
    }
  };
  visit(document.value, null, "", 0);
  return rows;
}

function childrenOf(value: JsonValue): { label: string; value: JsonValue }[] {
  if (value.kind === "array")
    return value.items.map((item, index) => ({ label: String(index), value: item }));
  if (value.kind !== "object") return [];
  return value.members.map((member) => ({ label: JSON.stringify(member.name), value: member.value }));
}
