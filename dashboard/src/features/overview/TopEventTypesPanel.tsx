import type { EventTypeCount, TopEventTypes } from "@/api/types";
import { BarList, BarListSkeleton } from "@/ui/BarList";
import { EmptyState } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type QueryState, QueryStateView } from "@/ui/QueryStateView";

const MAX_BARS = 8;
const OTHER_TYPES = "all other types";

function barOf({ event_type, count }: EventTypeCount) {
  // The empty id cannot collide with a type: no type has an empty name.
  return event_type === null ? { name: OTHER_TYPES, count, id: "" } : { name: event_type, count };
}

/** The commonest event types of the last 24 hours. */
export function TopEventTypesPanel({ query }: { query: QueryState<TopEventTypes> }) {
  return (
    <Panel title="Top event types" note="Stored in the last 24 hours">
      <QueryStateView
        query={query}
        subject="the top event types"
        loading={<BarListSkeleton />}
        isEmpty={({ types }) => types.length === 0}
        empty={
          <EmptyState title="No events yet">Types appear here once the first event is stored.</EmptyState>
        }
      >
        {({ types }) => <BarList bars={types.slice(0, MAX_BARS).map(barOf)} />}
      </QueryStateView>
    </Panel>
  );
}
