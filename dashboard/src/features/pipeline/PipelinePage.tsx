import { healthQuery, overviewQuery, throughputQuery } from "@/api/queries";
import { usePollingQuery } from "@/lib/hooks/autoRefresh";
import { Page } from "@/ui/page/Page";
import { PageErrorFallback } from "@/ui/page/PageErrorFallback";
import { LagCards } from "./LagCards";
import { LagPanel } from "./LagPanel";
import { PartitionsPanel } from "./PartitionsPanel";
import classes from "./PipelinePage.module.css";
import { lagQuery } from "./queries";
import { StagesPanel } from "./StagesPanel";
import { ThroughputPanel } from "./ThroughputPanel";

const CHART_MINUTES = 60;

/** How events move from a request to the row in Postgres, and where they pile up. */
export function PipelinePage() {
  const lag = usePollingQuery(lagQuery());
  const overview = usePollingQuery(overviewQuery());
  const health = usePollingQuery(healthQuery());
  const throughput = usePollingQuery(throughputQuery(CHART_MINUTES));
  const queries = [lag, overview, health, throughput];
  return (
    <Page title="Pipeline" subtitle="From a producer's request to the row in Postgres" queries={queries}>
      <PageErrorFallback queries={queries}>
        <StagesPanel lag={lag} overview={overview} health={health} />
        <LagCards lag={lag} overview={overview} />
        <div className={classes.halves}>
          <LagPanel query={lag} />
          <ThroughputPanel query={throughput} />
        </div>
        <PartitionsPanel query={lag} />
      </PageErrorFallback>
    </Page>
  );
}
