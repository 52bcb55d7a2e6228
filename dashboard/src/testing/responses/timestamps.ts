export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

/** A time as the admin API writes it, so long before `now`. */
export function at(now: number, agoMs: number): string {
  return new Date(now - agoMs).toISOString();
}
