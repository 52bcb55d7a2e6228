import { getRouteApi } from "@tanstack/react-router";
import { useLiveQuery } from "@/lib/hooks/autoRefresh";
import { Page } from "@/ui/page/Page";
import { askingOf, searchFilters } from "./filters";
import { searchQuery } from "./queries";
import { SearchForm } from "./SearchForm";
import { Results } from "./SearchResults";

const route = getRouteApi("/search");

/** Finds one event by what its producer knows of it. */
export function SearchPage() {
  // The router hands on what its own check left out, too.
  const filters = searchFilters(route.useSearch());
  const asking = askingOf(filters);
  const query = useLiveQuery(searchQuery(asking));
  return (
    <Page title="Search" subtitle="What became of one event" queries={asking ? [query] : []}>
      <SearchForm filters={filters} />
      <Results query={query} asking={asking} />
    </Page>
  );
}
