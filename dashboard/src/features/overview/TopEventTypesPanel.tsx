import type { TopEventTypes, TypeCount } from "@/api/types";
import { BarList } from "@/ui/BarList";
import { BarListSkeleton } from "@/ui/BarListSkeleton";
import { Message } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { type Asked, StateView } from "@/ui/QueryStateView";

const SHOWN = 8;
const OTHERS = "all other types";

function bar({ event_type, count }: TypeCount) {
  // No type has an empty name.
  return event_type === null ? { name: OTHERS, count, id: "" } : { name: event_type, count };
}

export function TopTypes({ query }: { query: Asked<TopEventTypes> }) {
  return (
    <Panel title="Top event types" note="Stored in the last 24 hours">
      <StateView
        query={query}
        what="the top event types"
        loading={<BarListSkeleton />}
        isEmpty={({ types }) => types.length === 0}
        empty={<Message title="No event yet">Types show here once the first event is stored.</Message>}
      >
        {({ types }) => <BarList bars={types.slice(0, SHOWN).map(bar)} />}
      </StateView>
    </Panel>
  );
}
