/**
 * Parses a URL's query as plain text: `?value=12345678901234567890` stays that text.
 * (The router's default parses each value as JSON and would round it.)
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

/** The parameter as `{[name]: value}` if it matches, else `{}`: a mistyped filter is ignored, never an error. */
export function validParam<K extends string>(
  name: K,
  value: unknown,
  pattern: RegExp,
): Partial<Record<K, string>> {
  const params: Partial<Record<K, string>> = {};
  if (typeof value === "string" && pattern.test(value)) params[name] = value;
  return params;
}
