import { Anchor } from "@mantine/core";
import { IconMoodCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Overview } from "@/api/types";
import { BarList, BarListSkeleton } from "@/ui/BarList";
import { EmptyState } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";

/** Dead letters counted by code; each links to the filtered list. */
export function DeadLettersByCodePanel({ query }: { query: QueryState<Overview> }) {
  return (
    <Panel
      title="Dead letters by reason"
      note="All within their retention"
      actions={
        <Anchor size="sm" renderRoot={(props) => <Link to="/dlq" {...props} />}>
          Show all
        </Anchor>
      }
    >
      <QueryStateView
        query={query}
        subject="the dead letters"
        loading={<BarListSkeleton />}
        isEmpty={({ dead_by_code }) => dead_by_code.length === 0}
        empty={
          <EmptyState icon={<IconMoodCheck size={22} stroke={1.6} />} title="No dead letters">
            Events that cannot be stored end up here with the reason.
          </EmptyState>
        }
      >
        {({ dead_by_code }) => (
          <BarList
            tone="bad"
            bars={dead_by_code.map(({ code, count }) => ({ name: code, count }))}
            wrap={({ name }, className, content) => (
              <Link to="/dlq" search={{ code: name }} className={className}>
                {content}
              </Link>
            )}
          />
        )}
      </QueryStateView>
    </Panel>
  );
}
