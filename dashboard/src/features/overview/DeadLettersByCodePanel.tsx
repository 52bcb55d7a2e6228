import { Anchor } from "@mantine/core";
import { IconMoodCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Overview } from "@/api/types";
import { BarList } from "@/ui/BarList";
import { BarListSkeleton } from "@/ui/BarListSkeleton";
import { Message } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type Asked, StateView } from "@/ui/QueryStateView";

/** Dead letters by what was wrong with them; each leads to its list. */
export function DeadByCode({ query }: { query: Asked<Overview> }) {
  return (
    <Panel
      title="Dead letters by reason"
      note="All that are kept"
      actions={
        <Anchor size="sm" renderRoot={(props) => <Link to="/dlq" {...props} />}>
          Show all
        </Anchor>
      }
    >
      <StateView
        query={query}
        what="the dead letters"
        loading={<BarListSkeleton />}
        isEmpty={({ dead_by_code }) => dead_by_code.length === 0}
        empty={
          <Message icon={<IconMoodCheck size={22} stroke={1.6} />} title="No dead letters">
            Events that cannot be stored end up here with the reason.
          </Message>
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
      </StateView>
    </Panel>
  );
}
