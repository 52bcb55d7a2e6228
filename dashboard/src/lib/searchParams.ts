/**
 * Filters in the URL are plain text: `?value=12345678901234567890` is that text and no number.
 * (The router's own form reads each value as JSON, which would change it.)
 */
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

/** The query of a URL with its question mark, or "" when no filter is set. */
export function stringifySearch(filters: Record<string, unknown>): string {
  const set = Object.entries(filters).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
  return query && `?${query}`;
}
