import { IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { allFailed, type Freshness } from "@/domain/freshness";
import { EmptyState } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { RetryButton } from "@/ui/RetryButton";

type PageErrorFallbackProps = { queries: readonly Freshness[]; children: ReactNode };

/** The page's content, or one error in its place if none of its data could be loaded. */
export function PageErrorFallback({ queries, children }: PageErrorFallbackProps) {
  const error = queries[0]?.error;
  if (!allFailed(queries) || !error) return children;
  return (
    <Panel title="No data">
      <div role="alert">
        <EmptyState
          tone="bad"
          icon={<IconPlugConnectedX size={22} stroke={1.6} />}
          title={error.message}
          action={<RetryButton queries={queries} />}
        >
          Accepted events are not lost: they wait in Kafka until they can be stored. The page retries
          automatically. On the platform’s machine, run “event-platform status” to see which services are
          running and “event-platform doctor” to see what is missing.
        </EmptyState>
      </div>
    </Panel>
  );
}
