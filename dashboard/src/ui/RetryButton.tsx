import { Button } from "@mantine/core";

type Refetchable = { isFetching: boolean; refetch: () => unknown };
type RetryButtonProps = { queries: readonly Refetchable[]; compact?: boolean };

/** Fetches all `queries` again, and shows that it is under way. */
export function RetryButton({ queries, compact = false }: RetryButtonProps) {
  return (
    <Button
      size={compact ? "compact-sm" : "sm"}
      variant="default"
      loading={queries.some((query) => query.isFetching)}
      onClick={() => {
        for (const query of queries) void query.refetch();
      }}
    >
      Try again
    </Button>
  );
}
