const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const ONE_DECIMAL = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** 1234567 → "1,234,567". */
export function formatCount(value: number): string {
  return WHOLE.format(value);
}

/** A count, or `fallback` where the value is unknown. */
export function formatCountOr(value: number | null | undefined, fallback: string): string {
  return value === null || value === undefined ? fallback : formatCount(value);
}

/** For chart axes and narrow columns: 1234567 → "1.2M". */
export function formatCompact(value: number): string {
  return COMPACT.format(value);
}

/** A rate: whole from 100, else with one decimal; "<0.1" where rounding would hide that it is not zero. */
export function formatRate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.05) return "<0.1";
  return perSecond >= 100 ? WHOLE.format(perSecond) : ONE_DECIMAL.format(perSecond);
}

/** "1 event", "2 events". */
export function pluralize(value: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(value)} ${value === 1 ? singular : plural}`;
}
