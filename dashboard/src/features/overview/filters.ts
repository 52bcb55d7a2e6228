/** The time ranges that the chart offers, in minutes. */
export const SPANS = [15, 60, 240, 1440] as const;
export const DEFAULT_SPAN = 60;

/** The page's filters in the URL: `?minutes=240`. Any other value is ignored, so that the default applies. */
export type OverviewFilters = { minutes?: number };

export function overviewFilters(search: Record<string, unknown>): OverviewFilters {
  const minutes = SPANS.find((span) => String(span) === String(search.minutes));
  return minutes === undefined || minutes === DEFAULT_SPAN ? {} : { minutes };
}
