import { Skeleton } from "@mantine/core";
import type { Health, Overview } from "@/api/types";
import { HealthBadge } from "@/ui/HealthBadge";
import { Panel } from "@/ui/Panel";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";
import { DownFlowArrow, FlowArrow } from "./FlowArrow";
import type { LagWithHistory } from "./queries";
import classes from "./StagesPanel.module.css";
import {
  deadLettersFlow,
  deadLettersStage,
  flowsOf,
  type PipelineData,
  type Stage,
  stagesOf,
} from "./stages";

type StagesPanelProps = {
  lag: QueryState<LagWithHistory>;
  overview: QueryState<Overview>;
  health: QueryState<Health>;
};

/** A diagram of the pipeline: a box per stage with its status, and arrows with the rate between stages. */
export function StagesPanel({ lag, overview, health }: StagesPanelProps) {
  return (
    <Panel title="Stages" note="Events per second between them">
      <QueryStateView
        query={firstLoaded(lag, overview)}
        subject="the stages"
        loading={<Skeleton height={150} />}
      >
        {() => (
          <Diagram
            data={{
              lag: lag.data?.lag,
              history: lag.data?.history ?? [],
              overview: overview.data,
              health: health.data,
            }}
          />
        )}
      </QueryStateView>
    </Panel>
  );
}

/** The diagram is shown as soon as either query has data; figures of the other are left out until then. */
function firstLoaded(lag: QueryState<LagWithHistory>, overview: QueryState<Overview>): QueryState<unknown> {
  return lag.data === undefined && overview.data !== undefined ? overview : lag;
}

function Diagram({ data }: { data: PipelineData }) {
  const [ingest, kafka, processor, postgres] = stagesOf(data);
  const [produced, consumed, stored] = flowsOf(data);
  return (
    <ol className={classes.flow}>
      <StageItem stage={ingest} />
      <FlowArrow flow={produced} />
      <StageItem stage={kafka} />
      <FlowArrow flow={consumed} />
      <StageItem stage={processor} />
      <li className={classes.dead}>
        <DownFlowArrow flow={deadLettersFlow(data)} />
        <StageBox stage={deadLettersStage(data)} />
      </li>
      <FlowArrow flow={stored} />
      <StageItem stage={postgres} />
    </ol>
  );
}

function StageItem({ stage }: { stage: Stage }) {
  return (
    <li style={{ display: "grid", minWidth: 0 }}>
      <StageBox stage={stage} />
    </li>
  );
}

function StageBox({ stage }: { stage: Stage }) {
  return (
    <div className={classes.stage}>
      <div className={classes.stageHead}>
        <span className={classes.stageName}>{stage.name}</span>
        {stage.status && <HealthBadge status={stage.status} />}
      </div>
      <div className={classes.description}>{stage.description}</div>
      <div className={classes.figure}>
        {stage.figure && (
          <>
            <strong>{stage.figure.value}</strong> {stage.figure.unit}
          </>
        )}
      </div>
    </div>
  );
}
