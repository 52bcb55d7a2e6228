import { Skeleton, Stack } from "@mantine/core";
import type { Dependency, Health } from "@/api/types";
import { duration } from "@/lib/time";
import { HealthStatus } from "@/ui/HealthBadge";
import { Panel } from "@/ui/Panel";
import { type Asked, StateView } from "@/ui/QueryStateView";
import { RelativeTime } from "@/ui/RelativeTime";
import classes from "./HealthPanel.module.css";

/** Each thing that the platform needs: how it is, since when, how fast it answers, and its error. */
export function HealthPanel({ query }: { query: Asked<Health> }) {
  const status = query.data?.status;
  return (
    <Panel title="Health" actions={status && <HealthStatus status={status} />}>
      <StateView query={query} what="the health of the dependencies" loading={<Skeletons />}>
        {(health) => (
          <ul className={classes.list}>
            {health.dependencies.map((dependency) => (
              <Entry key={dependency.name} dependency={dependency} />
            ))}
          </ul>
        )}
      </StateView>
    </Panel>
  );
}

function Entry({ dependency: { name, status, latency_ms, since, error } }: { dependency: Dependency }) {
  return (
    <li className={classes.item}>
      <span className={classes.name}>{name}</span>
      <HealthStatus status={status} />
      <span className={classes.facts}>
        {latency_ms === null ? "no answer" : `answers in ${duration(latency_ms / 1_000)}`}
      </span>
      <span className={classes.since}>{since && <RelativeTime at={since} form="length" />}</span>
      {error && (
        <div className={classes.error} data-status={status}>
          {error}
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
