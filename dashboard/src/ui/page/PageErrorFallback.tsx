import { Button } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Freshness } from "@/domain/freshness";
import { Message } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";

/** One error in place of many: drawn when nothing at all of a page could be loaded. */
export function AllFailed({ queries, children }: { queries: readonly Freshness[]; children: ReactNode }) {
  const failed = queries.every((query) => query.data === undefined && query.error !== null);
  const error = queries[0]?.error;
  if (!failed || !error) return children;
  const retry = (
    <Button
      variant="default"
      loading={queries.some((query) => query.isFetching)}
      onClick={() => queries.forEach((query) => void query.refetch())}
    >
      Try again
    </Button>
  );
  return (
    <Panel title="No data">
      <div role="alert">
        <Message
          tone="bad"
          icon={<IconPlugConnectedX size={22} stroke={1.6} />}
          title={error.message}
          action={retry}
        >
          This page goes on asking by itself. On the machine of the platform, “event-platform status” says
          what runs, and “event-platform doctor” what is missing.
        </Message>
      </div>
    </Panel>
  );
}
