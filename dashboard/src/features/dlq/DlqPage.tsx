import { getRouteApi } from "@tanstack/react-router";
import { overviewQuery } from "@/api/queries";
import { usePollingQuery } from "@/lib/hooks/autoRefresh";
import { Page } from "@/ui/page/Page";
import { DeadLettersPanel } from "./DeadLettersPanel";
import { DlqFilterBar } from "./DlqFilterBar";
import { dlqFilters } from "./filters";
import { useDeadLetters } from "./useDeadLetters";

const route = getRouteApi("/dlq");

/** Events that could not be stored, each with its reason and original record. */
export function DlqPage() {
  // useSearch also returns parameters that the route's validation removed.
  const filters = dlqFilters(route.useSearch());
  const list = useDeadLetters(filters);
  const overview = usePollingQuery(overviewQuery());
  return (
    <Page title="Dead letters" subtitle="Events that could not be stored, and why" queries={[list.freshness]}>
      <DlqFilterBar filters={filters} codes={overview.data?.dead_by_code ?? []} />
      <DeadLettersPanel list={list} filters={filters} />
    </Page>
  );
}
