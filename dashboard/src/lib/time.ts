/** Durations and moments in words. All functions are pure; the clock is an argument. */
const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** "now", "3 s ago", "2 min ago", "in 5 h". Below a second either way the clocks may simply differ. */
export function relativeTime(at: number, nowMs: number): string {
  const seconds = Math.trunc((nowMs - at) / 1_000);
  if (seconds === 0) return "now";
  const words = largestUnit(Math.abs(seconds));
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

/** "for 3 s", "for 2 min". */
export function elapsed(at: number, nowMs: number): string {
  return `for ${largestUnit(Math.max(1, Math.trunc((nowMs - at) / 1_000)))}`;
}

/** A length of time by its two largest units: "850 ms", "4.2 s", "3 min 20 s", "2 h". */
export function duration(seconds: number): string {
  if (seconds < 0.01) return `${trimmed(seconds * 1_000)} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 10) return `${trimmed(seconds)} s`;
  return twoUnits(Math.round(seconds));
}

function largestUnit(seconds: number): string {
  const [name, size] = unitOf(seconds);
  return `${Math.floor(seconds / size)} ${name}`;
}

function twoUnits(seconds: number): string {
  const [name, size] = unitOf(seconds);
  const rest = seconds % size;
  const head = `${Math.floor(seconds / size)} ${name}`;
  const [restName, restSize] = unitOf(Math.max(rest, 1));
  const count = Math.floor(rest / restSize);
  return count === 0 ? head : `${head} ${count} ${restName}`;
}

function unitOf(seconds: number): readonly [string, number] {
  return UNITS.find(([, size]) => seconds >= size) ?? ["s", 1];
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

/** What one bucket of a chart covers: "minute", "10 s". */
export function bucketName(seconds: number): string {
  return UNIT_NAMES.get(seconds) ?? duration(seconds);
}

const UNIT_NAMES: ReadonlyMap<number, string> = new Map([
  [60, "minute"],
  [3_600, "hour"],
]);

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** The moment in the reader's zone, and as the API wrote it. */
export function exactTime(at: string): string {
  return `${EXACT.format(new Date(at))}\n${at}`;
}
