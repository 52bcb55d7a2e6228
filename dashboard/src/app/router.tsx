import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from "@tanstack/react-router";
import { dlqFilters } from "@/features/dlq/filters";
import { overviewFilters } from "@/features/overview/filters";
import { searchFilters } from "@/features/search/filters";
import { parseSearch, stringifySearch } from "@/lib/searchParams";
import { PageNotFound } from "./PageNotFound";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: PageNotFound });

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: overviewFilters,
  component: lazyRouteComponent(() => import("@/features/overview/OverviewPage"), "OverviewPage"),
});

const pipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipeline",
  component: lazyRouteComponent(() => import("@/features/pipeline/PipelinePage"), "PipelinePage"),
});

const dlq = createRoute({
  getParentRoute: () => root,
  path: "/dlq",
  validateSearch: dlqFilters,
  component: lazyRouteComponent(() => import("@/features/dlq/DlqPage"), "DlqPage"),
});

const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: searchFilters,
  component: lazyRouteComponent(() => import("@/features/search/SearchPage"), "SearchPage"),
});

const routeTree = root.addChildren([overview, pipeline, dlq, search]);

export function createAppRouter(history?: RouterHistory) {
  return createRouter({
    routeTree,
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    ...(history && { history }),
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
