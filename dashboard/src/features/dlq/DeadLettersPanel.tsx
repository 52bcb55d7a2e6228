import { Button, Skeleton, Stack } from "@mantine/core";
import { IconArrowUp, IconFilterOff, IconMoodCheck } from "@tabler/icons-react";
import type { InfiniteData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { DlqPage } from "@/domain/deadLetter";
import { pluralize } from "@/lib/numbers";
import { EmptyState } from "@/ui/EmptyState";
import { Panel } from "@/ui/Panel";
import { QueryStateView } from "@/ui/QueryStateView";
import { SendEventCommand } from "@/ui/SendEventCommand";
import { DeadLetterTable } from "./DeadLetterTable";
import classes from "./DeadLetterTable.module.css";
import type { DlqFilters } from "./filters";
import type { DeadLetterList } from "./useDeadLetters";

type DeadLettersPanelProps = { list: DeadLetterList; filters: DlqFilters };

/** The list of dead letters, newest first, with buttons for newer and older ones. */
export function DeadLettersPanel({ list, filters }: DeadLettersPanelProps) {
  const { query } = list;
  const total = query.data?.pages[0]?.total;
  return (
    <Panel
      title={total === undefined ? "Dead letters" : pluralize(total, "dead letter")}
      note="Newest first"
      actions={list.hasNewer && <ShowNewerButton onClick={list.showNewest} />}
    >
      <QueryStateView
        query={query}
        subject="the dead letters"
        loading={<Skeletons />}
        isEmpty={(data) => data.pages.every((page) => page.deadLetters.length === 0)}
        empty={filters.code || filters.tenant ? <NoMatch /> : <NoDeadLetters />}
      >
        {(data) => <LoadedPages data={data} query={query} filters={filters} />}
      </QueryStateView>
    </Panel>
  );
}

function ShowNewerButton({ onClick }: { onClick: () => void }) {
  return (
    <Button size="compact-md" variant="light" leftSection={<IconArrowUp size={15} />} onClick={onClick}>
      Show newer dead letters
    </Button>
  );
}

type LoadedPagesProps = Pick<DeadLetterList, "query"> & { data: InfiniteData<DlqPage>; filters: DlqFilters };

function LoadedPages({ data, query, filters }: LoadedPagesProps) {
  const deadLetters = useMemo(() => data.pages.flatMap((page) => page.deadLetters), [data]);
  return (
    <>
      <DeadLetterTable deadLetters={deadLetters} filters={filters} />
      {query.hasNextPage && (
        <div className={classes.foot}>
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Load older dead letters
          </Button>
        </div>
      )}
    </>
  );
}

function NoDeadLetters() {
  return (
    <EmptyState
      icon={<IconMoodCheck size={22} stroke={1.6} />}
      title="No dead letters"
      action={<SendEventCommand />}
    >
      Every event so far could be stored. To see a dead letter, run this command without one of the event’s
      fields.
    </EmptyState>
  );
}

function NoMatch() {
  return (
    <EmptyState
      icon={<IconFilterOff size={22} stroke={1.6} />}
      title="No dead letter matches"
      action={
        <Button variant="default" renderRoot={(props) => <Link to="/dlq" {...props} />}>
          Clear filters
        </Button>
      }
    >
      Dead letters of other tenants or with other reasons are hidden by the filters.
    </EmptyState>
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
