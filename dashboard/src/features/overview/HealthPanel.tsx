import { Skeleton, Stack } from "@mantine/core";
import type { Dependency, Health } from "@/api/types";
import { outageEffect } from "@/domain/healthStatus";
import { formatDuration } from "@/lib/time";
import { HealthBadge } from "@/ui/HealthBadge";
import { Panel } from "@/ui/Panel";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";
import { RelativeTime } from "@/ui/RelativeTime";
import classes from "./HealthPanel.module.css";

/** Each dependency: its status, since when, its latency, its error, and what an outage does to events. */
export function HealthPanel({ query }: { query: QueryState<Health> }) {
  const status = query.data?.status;
  return (
    <Panel title="Health" actions={status && <HealthBadge status={status} />}>
      <QueryStateView query={query} subject="the health of the dependencies" loading={<Skeletons />}>
        {(health) => (
          <ul className={classes.list}>
            {health.dependencies.map((dependency) => (
              <DependencyItem key={dependency.name} dependency={dependency} />
            ))}
          </ul>
        )}
      </QueryStateView>
    </Panel>
  );
}

function DependencyItem({ dependency }: { dependency: Dependency }) {
  const { name, status, latency_ms, since, error } = dependency;
  return (
    <li className={classes.item}>
      <span className={classes.name}>{name}</span>
      <HealthBadge status={status} />
      <span className={classes.latency}>
        {latency_ms === null ? "no response" : `responds in ${formatDuration(latency_ms / 1_000)}`}
      </span>
      <span className={classes.since}>{since && <RelativeTime at={since} form="duration" />}</span>
      {error && (
        <div className={classes.error} data-status={status}>
          {error}
        </div>
      )}
      {status === "down" && (
        <div className={classes.effect}>
          {outageEffect(name)} Logs: <code>event-platform logs {name}</code>
        </div>
      )}
    </li>
  );
}

function Skeletons() {
  return (
    <Stack gap={18}>
      {["70%", "60%", "80%", "65%"].map((width) => (
        <div key={width}>
          <Skeleton height={14} width={width} mb={8} />
          <Skeleton height={10} width="35%" />
        </div>
      ))}
    </Stack>
  );
}
