const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const ONE = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** 1234567 → "1,234,567". */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** For axes and narrow places: 1234567 → "1.2M". */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** A rate: whole above 100, else with one digit, "<0.1" rather than a nought that is none. */
export function rate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.05) return "<0.1";
  return perSecond >= 100 ? WHOLE.format(perSecond) : ONE.format(perSecond);
}

/** "1 event", "2 events". */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}
