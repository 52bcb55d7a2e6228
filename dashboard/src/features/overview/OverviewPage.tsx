import { getRouteApi } from "@tanstack/react-router";
import { healthQuery, summaryQuery, throughputQuery } from "@/api/queries";
import { useLiveQuery } from "@/lib/hooks/autoRefresh";
import { Page } from "@/ui/page/Page";
import { AllFailed } from "@/ui/page/PageErrorFallback";
import { DeadByCode } from "./DeadLettersByCodePanel";
import { DEFAULT_SPAN, overviewFilters } from "./filters";
import { HealthPanel } from "./HealthPanel";
import { MetricCards } from "./MetricCards";
import classes from "./OverviewPage.module.css";
import { topTypesQuery } from "./queries";
import { ThroughputPanel } from "./ThroughputPanel";
import { TopTypes } from "./TopEventTypesPanel";

const MINUTES_PER_DAY = 1_440;
const route = getRouteApi("/");

/** What is happening now, and whether all that it depends on is well. */
export function OverviewPage() {
  // The router hands on what its own check left out, too.
  const { minutes = DEFAULT_SPAN } = overviewFilters(route.useSearch());
  const summary = useLiveQuery(summaryQuery());
  const health = useLiveQuery(healthQuery());
  const throughput = useLiveQuery(throughputQuery(minutes));
  const topTypes = useLiveQuery(topTypesQuery(MINUTES_PER_DAY));
  const queries = [summary, health, throughput, topTypes];
  return (
    <Page title="Overview" subtitle="What the platform is doing right now" queries={queries}>
      <AllFailed queries={queries}>
        <MetricCards query={summary} />
        <div className={classes.columns}>
          <ThroughputPanel query={throughput} minutes={minutes} />
          <HealthPanel query={health} />
        </div>
        <div className={classes.halves}>
          <TopTypes query={topTypes} />
          <DeadByCode query={summary} />
        </div>
      </AllFailed>
    </Page>
  );
}
