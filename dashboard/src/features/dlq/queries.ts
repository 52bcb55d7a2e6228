import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, dataOf } from "@/api/client";
import { readDlqPage } from "@/api/written";
import type { DlqFilters } from "./filters";

const PAGE_SIZE = 50;

type Shown = Pick<DlqFilters, "code" | "tenant">;

export const dlqKeys = {
  all: ["dlq"] as const,
  list: (shown: Shown) => [...dlqKeys.all, "list", shown] as const,
};

/** Dead letters, newest first; each further page starts where the one before ended. */
export function dlqQuery({ code, tenant }: Shown) {
  return infiniteQueryOptions({
    queryKey: dlqKeys.list({ ...(code && { code }), ...(tenant && { tenant }) }),
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        limit: PAGE_SIZE,
        ...(code && { code }),
        ...(tenant && { tenant }),
        ...(pageParam && { before: pageParam }),
      };
      return readDlqPage(
        await dataOf(api.GET("/admin/dlq/sample", { params: { query }, signal, parseAs: "text" })),
      );
    },
    getNextPageParam: (page) => page.next ?? undefined,
  });
}
