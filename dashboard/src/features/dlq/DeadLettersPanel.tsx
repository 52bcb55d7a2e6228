import { Button, Skeleton, Stack } from "@mantine/core";
import { IconFilterOff, IconMoodCheck } from "@tabler/icons-react";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { DlqPage } from "@/api/written";
import { FirstEvent } from "@/ui/FirstEvent";
import { Message } from "@/ui/Message";
import { counted } from "@/ui/numbers";
import { Panel } from "@/ui/Panel";
import { StateView } from "@/ui/StateView";
import { DeadLetterTable } from "./DeadLetterTable";
import classes from "./DeadLetterTable.module.css";
import type { DlqFilters } from "./filters";

type List = UseInfiniteQueryResult<InfiniteData<DlqPage>>;
type DeadLettersPanelProps = { query: List; filters: DlqFilters };

export function DeadLettersPanel({ query, filters }: DeadLettersPanelProps) {
  const total = query.data?.pages[0]?.total;
  return (
    <Panel title={total === undefined ? "Dead letters" : counted(total, "dead letter")} note="Newest first">
      <StateView
        query={query}
        what="the dead letters"
        loading={<Skeletons />}
        isEmpty={(data) => data.pages.every((page) => page.deadLetters.length === 0)}
        empty={<Empty filtered={Boolean(filters.code || filters.tenant)} />}
      >
        {(data) => <Letters data={data} query={query} filters={filters} />}
      </StateView>
    </Panel>
  );
}

function Letters({
  data,
  query,
  filters,
}: {
  data: InfiniteData<DlqPage>;
  query: List;
  filters: DlqFilters;
}) {
  const letters = useMemo(() => data.pages.flatMap((page) => page.deadLetters), [data]);
  return (
    <>
      <DeadLetterTable letters={letters} filters={filters} />
      {query.hasNextPage && (
        <div className={classes.foot}>
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Load older ones
          </Button>
        </div>
      )}
      {data.pages.length > 1 && (
        <p className={classes.resting}>
          Refreshing rests while older ones are shown; “Refresh now” still works.
        </p>
      )}
    </>
  );
}

function Empty({ filtered }: { filtered: boolean }) {
  if (!filtered) {
    return (
      <Message
        icon={<IconMoodCheck size={22} stroke={1.6} />}
        title="No dead letters"
        action={<FirstEvent />}
      >
        Every event so far could be stored. The line below sends one; leave out a field to see it here.
      </Message>
    );
  }
  return (
    <Message
      icon={<IconFilterOff size={22} stroke={1.6} />}
      title="No dead letter matches"
      action={
        <Button variant="default" renderRoot={(props) => <Link to="/dlq" {...props} />}>
          Clear filters
        </Button>
      }
    >
      Others may be there without the filters.
    </Message>
  );
}

function Skeletons() {
  return (
    <Stack gap={18}>
      {["a", "b", "c", "d", "e", "f", "g", "h"].map((row) => (
        <Skeleton key={row} height={20} />
      ))}
    </Stack>
  );
}
