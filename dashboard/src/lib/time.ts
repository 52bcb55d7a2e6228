/** Durations and timestamps in words. All functions are pure; the current time is an argument. */
const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** "now", "3 s ago", "2 min ago", "in 5 h". A difference below a second is within the skew of two clocks. */
export function relativeTime(at: number, nowMs: number): string {
  const seconds = Math.trunc((nowMs - at) / 1_000);
  if (seconds === 0) return "now";
  const words = largestUnit(Math.abs(seconds));
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

/** "for 3 s", "for 2 min". */
export function elapsedTime(at: number, nowMs: number): string {
  return `for ${largestUnit(Math.max(1, Math.trunc((nowMs - at) / 1_000)))}`;
}

/** A duration in its two largest units: "850 ms", "4.2 s", "3 min 20 s", "2 h". */
export function formatDuration(seconds: number): string {
  if (seconds < 0.01) return `${oneDecimal(seconds * 1_000)} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 10) return `${oneDecimal(seconds)} s`;
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

function oneDecimal(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

/** The length of a chart's bucket, to follow "each": "minute", "10 s". */
export function bucketLabel(seconds: number): string {
  return UNIT_NAMES.get(seconds) ?? formatDuration(seconds);
}

const UNIT_NAMES: ReadonlyMap<number, string> = new Map([
  [60, "minute"],
  [3_600, "hour"],
]);

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** The timestamp in the browser's time zone, and below it as the API sent it. */
export function exactTime(at: string): string {
  return `${EXACT.format(new Date(at))}\n${at}`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const CLOCK_WITH_SECONDS = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** "14:05" in the browser's time zone. */
export function clockTime(epochSeconds: number): string {
  return CLOCK.format(epochSeconds * 1_000);
}

/** "14:05:30" in the browser's time zone. */
export function clockTimeWithSeconds(epochSeconds: number): string {
  return CLOCK_WITH_SECONDS.format(epochSeconds * 1_000);
}
