import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { REFRESH_MS, useLive } from "@/api/live";
import { summaryQuery } from "@/api/queries";
import { Page } from "@/ui/Page";
import { DeadLettersPanel } from "./DeadLettersPanel";
import { DlqFilterBar } from "./DlqFilterBar";
import type { DlqFilters } from "./filters";
import { dlqQuery } from "./queries";

const route = getRouteApi("/dlq");

/** Events that could not be stored, with the reason and what they were. */
export function DlqPage() {
  const filters = route.useSearch();
  const list = useDeadLetters(filters);
  const summary = useQuery(summaryQuery());
  return (
    <Page title="Dead letters" subtitle="Events that could not be stored, and why" queries={[list]}>
      <DlqFilterBar filters={filters} codes={summary.data?.dead_by_code ?? []} />
      <DeadLettersPanel query={list} filters={filters} />
    </Page>
  );
}

/** Renews itself while only the newest page is shown: with older ones loaded, rows would move under the reader. */
function useDeadLetters({ code, tenant }: DlqFilters) {
  const { paused } = useLive();
  return useInfiniteQuery({
    ...dlqQuery({ ...(code && { code }), ...(tenant && { tenant }) }),
    refetchInterval: ({ state }) => (paused || (state.data?.pages.length ?? 0) > 1 ? false : REFRESH_MS),
    refetchOnWindowFocus: false,
  });
}
