import { formatRate } from "@/lib/numbers";
import classes from "./StagesPanel.module.css";
import type { Flow } from "./stages";

/** An arrow to the next stage: to the right, or down on a narrow screen. */
export function FlowArrow({ flow }: { flow: Flow }) {
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
      <DownArrow className={`${classes.line} ${classes.down}`} />
    </li>
  );
}

/** An arrow that points down on any screen. */
export function DownFlowArrow({ flow }: { flow: Flow }) {
  return (
    <div className={classes.arrow}>
      <FlowRate flow={flow} />
      <DownArrow className={classes.line} />
    </div>
  );
}

function DownArrow({ className }: { className: string | undefined }) {
  return (
    <svg className={className} viewBox="0 0 8 32" aria-hidden="true">
      <path d="M4 0v28M.8 24 4 29l3.2-5" fill="none" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  );
}

function FlowRate({ flow }: { flow: Flow }) {
  return (
    <span title={`Events per second ${flow.label}`}>
      {flow.perSecond === null ? (
        <small>measuring</small>
      ) : (
        <>
          {formatRate(flow.perSecond)} <small>/s</small>
        </>
      )}
    </span>
  );
}
