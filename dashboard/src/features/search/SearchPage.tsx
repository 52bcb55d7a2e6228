import { getRouteApi } from "@tanstack/react-router";
import { usePollingQuery } from "@/lib/hooks/autoRefresh";
import { Page } from "@/ui/page/Page";
import { searchFilters, searchTermsOf } from "./filters";
import { searchQuery } from "./queries";
import { SearchForm } from "./SearchForm";
import { SearchResults } from "./SearchResults";

const route = getRouteApi("/search");

/** Finds one event by its event id, idempotency key or request id. */
export function SearchPage() {
  // useSearch also returns parameters that the route's validation removed.
  const filters = searchFilters(route.useSearch());
  const terms = searchTermsOf(filters);
  const query = usePollingQuery(searchQuery(terms));
  return (
    <Page title="Search" subtitle="Find one event, stored or dead" queries={terms ? [query] : []}>
      <SearchForm filters={filters} />
      <SearchResults query={query} terms={terms} />
    </Page>
  );
}
