export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

/** The time `agoMs` before `now`, in the format of the admin API. */
export function timestamp(now: number, agoMs: number): string {
  return new Date(now - agoMs).toISOString();
}
