import { Button, Skeleton, Stack } from "@mantine/core";
import { IconArrowUp, IconFilterOff, IconMoodCheck } from "@tabler/icons-react";
import type { InfiniteData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { DlqPage } from "@/domain/responses";
import { counted } from "@/lib/numbers";
import { Message } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { StateView } from "@/ui/QueryStateView";
import { FirstEvent } from "@/ui/SendEventCommand";
import { DeadLetterTable } from "./DeadLetterTable";
import classes from "./DeadLetterTable.module.css";
import type { DlqFilters } from "./filters";
import type { DeadLetterList } from "./useDeadLetters";

type DeadLettersPanelProps = { list: DeadLetterList; filters: DlqFilters };

export function DeadLettersPanel({ list, filters }: DeadLettersPanelProps) {
  const { query } = list;
  const total = query.data?.pages[0]?.total;
  return (
    <Panel
      title={total === undefined ? "Dead letters" : counted(total, "dead letter")}
      note="Newest first"
      actions={list.hasNewer && <NewerOnes onShow={list.showNewest} />}
    >
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

function NewerOnes({ onShow }: { onShow: () => void }) {
  return (
    <Button size="compact-md" variant="light" leftSection={<IconArrowUp size={15} />} onClick={onShow}>
      Newer ones arrived
    </Button>
  );
}

type LettersProps = Pick<DeadLetterList, "query"> & { data: InfiniteData<DlqPage>; filters: DlqFilters };

function Letters({ data, query, filters }: LettersProps) {
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
