import { getRouteApi } from "@tanstack/react-router";
import { summaryQuery } from "@/api/queries";
import { useLiveQuery } from "@/lib/hooks/autoRefresh";
import { Page } from "@/ui/page/Page";
import { DeadLettersPanel } from "./DeadLettersPanel";
import { DlqFilterBar } from "./DlqFilterBar";
import { dlqFilters } from "./filters";
import { useDeadLetters } from "./useDeadLetters";

const route = getRouteApi("/dlq");

/** Events that could not be stored, with the reason and what they were. */
export function DlqPage() {
  // The router hands on what its own check left out, too.
  const filters = dlqFilters(route.useSearch());
  const list = useDeadLetters(filters);
  const summary = useLiveQuery(summaryQuery());
  return (
    <Page title="Dead letters" subtitle="Events that could not be stored, and why" queries={[list.freshness]}>
      <DlqFilterBar filters={filters} codes={summary.data?.dead_by_code ?? []} />
      <DeadLettersPanel list={list} filters={filters} />
    </Page>
  );
}
