import { getRouteApi } from "@tanstack/react-router";
import { healthQuery, overviewQuery, throughputQuery } from "@/api/queries";
import { usePollingQuery } from "@/lib/hooks/autoRefresh";
import { Page } from "@/ui/page/Page";
import { PageErrorFallback } from "@/ui/page/PageErrorFallback";
import { DeadLettersByCodePanel } from "./DeadLettersByCodePanel";
import { DEFAULT_SPAN, overviewFilters } from "./filters";
import { HealthPanel } from "./HealthPanel";
import { MetricCards } from "./MetricCards";
import classes from "./OverviewPage.module.css";
import { topEventTypesQuery } from "./queries";
import { ThroughputPanel } from "./ThroughputPanel";
import { TopEventTypesPanel } from "./TopEventTypesPanel";

const MINUTES_PER_DAY = 1_440;
const route = getRouteApi("/");

/** Current counts and throughput, and the health of the dependencies. */
export function OverviewPage() {
  // useSearch also returns parameters that the route's validation removed.
  const { minutes = DEFAULT_SPAN } = overviewFilters(route.useSearch());
  const overview = usePollingQuery(overviewQuery());
  const health = usePollingQuery(healthQuery());
  const throughput = usePollingQuery(throughputQuery(minutes));
  const topTypes = usePollingQuery(topEventTypesQuery(MINUTES_PER_DAY));
  const queries = [overview, health, throughput, topTypes];
  return (
    <Page title="Overview" subtitle="What the platform is doing right now" queries={queries}>
      <PageErrorFallback queries={queries}>
        <MetricCards query={overview} />
        <div className={classes.columns}>
          <ThroughputPanel query={throughput} minutes={minutes} />
          <HealthPanel query={health} />
        </div>
        <div className={classes.halves}>
          <TopEventTypesPanel query={topTypes} />
          <DeadLettersByCodePanel query={overview} />
        </div>
      </PageErrorFallback>
    </Page>
  );
}
