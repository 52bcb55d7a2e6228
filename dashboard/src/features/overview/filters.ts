/** Spans the chart can show, in minutes. */
export const SPANS = [15, 60, 240, 1440] as const;
export const DEFAULT_SPAN = 60;

/** Filters of the Overview in the URL: `?minutes=240`. What is no span is left out, so the default holds. */
export type OverviewFilters = { minutes?: number };

export function overviewFilters(search: Record<string, unknown>): OverviewFilters {
  const minutes = SPANS.find((span) => String(span) === String(search.minutes));
  return minutes === undefined || minutes === DEFAULT_SPAN ? {} : { minutes };
}
