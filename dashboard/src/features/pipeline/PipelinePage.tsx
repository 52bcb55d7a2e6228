import { healthQuery, summaryQuery, throughputQuery } from "@/api/queries";
import { useLiveQuery } from "@/lib/hooks/autoRefresh";
import { Page } from "@/ui/page/Page";
import { AllFailed } from "@/ui/page/PageErrorFallback";
import { LagCards } from "./LagCards";
import { LagChart } from "./LagPanel";
import { PartitionsPanel } from "./PartitionsPanel";
import classes from "./PipelinePage.module.css";
import { lagQuery } from "./queries";
import { StagesPanel } from "./StagesPanel";
import { ProcessedChart } from "./ThroughputPanel";

const CHART_MINUTES = 60;

/** Where events are on their way from the first request to the table, and whether they keep moving. */
export function PipelinePage() {
  const lag = useLiveQuery(lagQuery());
  const summary = useLiveQuery(summaryQuery());
  const health = useLiveQuery(healthQuery());
  const throughput = useLiveQuery(throughputQuery(CHART_MINUTES));
  const queries = [lag, summary, health, throughput];
  return (
    <Page title="Pipeline" subtitle="From a producer's request to the row in Postgres" queries={queries}>
      <AllFailed queries={queries}>
        <StagesPanel lag={lag} summary={summary} health={health} />
        <LagCards lag={lag} summary={summary} />
        <div className={classes.halves}>
          <LagChart query={lag} />
          <ProcessedChart query={throughput} />
        </div>
        <PartitionsPanel query={lag} />
      </AllFailed>
    </Page>
  );
}
