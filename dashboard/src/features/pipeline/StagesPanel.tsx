import { Skeleton } from "@mantine/core";
import type { Health, Overview } from "@/api/types";
import { rate } from "@/lib/numbers";
import { HealthStatus } from "@/ui/HealthBadge";
import { Panel } from "@/ui/Panel";
import { type Asked, StateView } from "@/ui/QueryStateView";
import type { LagHistory } from "./queries";
import classes from "./StagesPanel.module.css";
import {
  deadLettersFlow,
  deadLettersStage,
  type Flow,
  flowsOf,
  type Known,
  type Stage,
  stagesOf,
} from "./stages";

type StagesPanelProps = { lag: Asked<LagHistory>; summary: Asked<Overview>; health: Asked<Health> };

/** The way of an event as a picture: boxes with their state, arrows with what crosses them. */
export function StagesPanel({ lag, summary, health }: StagesPanelProps) {
  return (
    <Panel title="Stages" note="Events a second between them">
      <StateView query={firstOf(lag, summary)} what="the stages" loading={<Skeleton height={150} />}>
        {() => (
          <Picture
            known={{
              lag: lag.data?.lag,
              history: lag.data?.history ?? [],
              summary: summary.data,
              health: health.data,
            }}
          />
        )}
      </StateView>
    </Panel>
  );
}

/** The picture is drawn as soon as either half of it is known; the rest says "not known yet". */
function firstOf(lag: Asked<LagHistory>, summary: Asked<Overview>): Asked<unknown> {
  return lag.data === undefined && summary.data !== undefined ? summary : lag;
}

function Picture({ known }: { known: Known }) {
  const [ingest, kafka, processor, postgres] = stagesOf(known);
  const [produced, consumed, stored] = flowsOf(known);
  return (
    <ol className={classes.flow}>
      <Box stage={ingest} />
      <Arrow flow={produced} />
      <Box stage={kafka} />
      <Arrow flow={consumed} />
      <Box stage={processor} />
      <li className={classes.dead}>
        <ArrowDown flow={deadLettersFlow(known)} />
        <BoxContent stage={deadLettersStage(known)} />
      </li>
      <Arrow flow={stored} />
      <Box stage={postgres} />
    </ol>
  );
}

function Box({ stage }: { stage: Stage }) {
  return (
    <li style={{ display: "grid", minWidth: 0 }}>
      <BoxContent stage={stage} />
    </li>
  );
}

function BoxContent({ stage }: { stage: Stage }) {
  return (
    <div className={classes.stage}>
      <div className={classes.stageHead}>
        <span className={classes.stageName}>{stage.name}</span>
        {stage.status && <HealthStatus status={stage.status} />}
      </div>
      <div className={classes.does}>{stage.does}</div>
      <div className={classes.figure}>
        {stage.figure && (
          <>
            <strong>{stage.figure.value}</strong> {stage.figure.of}
          </>
        )}
      </div>
    </div>
  );
}

function Arrow({ flow }: { flow: Flow }) {
  return (
    <li className={classes.arrow}>
      <FlowRate flow={flow} />
      <svg
        className={`${classes.line} ${classes.across}`}
        viewBox="0 0 88 8"
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <path
          d="M0 4h82M77 .8 82 4l-5 3.2"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <Down className={`${classes.line} ${classes.down}`} />
    </li>
  );
}

function ArrowDown({ flow }: { flow: Flow }) {
  return (
    <div className={classes.arrow}>
      <FlowRate flow={flow} />
      <Down className={classes.line} />
    </div>
  );
}

function Down({ className }: { className: string | undefined }) {
  return (
    <svg className={className} viewBox="0 0 8 32" aria-hidden="true">
      <path d="M4 0v28M.8 24 4 29l3.2-5" fill="none" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  );
}

function FlowRate({ flow }: { flow: Flow }) {
  return (
    <span title={`Events a second ${flow.label}`}>
      {flow.perSecond === null ? (
        <small>measuring</small>
      ) : (
        <>
          {rate(flow.perSecond)} <small>/s</small>
        </>
      )}
    </span>
  );
}
