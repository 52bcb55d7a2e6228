import { screen, waitFor } from "@testing-library/react";
import { delay, HttpResponse, http } from "msw";
import { describe, expect, it } from "vitest";
import { mockServer, recordQueries, respondWith } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import * as responses from "@/testing/responses";

function rows(): HTMLElement[] {
  return screen.queryAllByRole("button", { name: /^Expand the/ });
}

describe("the list of dead letters while new ones arrive", () => {
  it("loads older ones from where the page ended, and then only announces newer ones", async () => {
    const older = responses.dlqPage(Date.now(), 3, null).replaceAll('"id":"99', '"id":"5');
    let newest = responses.dlqPage(Date.now(), 2);
    mockServer.use(
      http.get("/admin/dlq/sample", ({ request }) => {
        const before = new URL(request.url).searchParams.get("before");
        return HttpResponse.text(before === "1764000000000000-960" ? older : newest);
      }),
    );
    const { user } = openPage("/dlq");
    await user.click(await screen.findByRole("button", { name: "Load older dead letters" }));
    await waitFor(() => expect(rows()).toHaveLength(5));
    expect(screen.queryByRole("button", { name: "Load older dead letters" })).not.toBeInTheDocument();
    newest = responses.dlqPage(Date.now(), 1).replaceAll('"id":"99', '"id":"77');
    await user.click(await screen.findByRole("button", { name: "Show newer dead letters" }));
    await waitFor(() => expect(rows()).toHaveLength(1));
  });

  it("reloads when a newer one arrives, and polls for a single row to find out", async () => {
    const queries = recordQueries("/admin/dlq/sample");
    openPage("/dlq");
    await waitFor(() => expect(rows().length).toBeGreaterThan(10));
    respondWith("/admin/dlq/sample", responses.dlqPage(Date.now(), 1, null));
    await waitFor(() => expect(rows()).toHaveLength(1));
    expect(queries.filter((query) => query !== "?limit=1")).toEqual(["?limit=50"]);
  });

  it("reloads the list once per poll when the polled response differs from the list", async () => {
    const queries: string[] = [];
    mockServer.use(
      http.get("/admin/dlq/sample", async ({ request }) => {
        const { search } = new URL(request.url);
        queries.push(search);
        await delay(50);
        return search === "?limit=1" ? HttpResponse.text(responses.EMPTY_DLQ) : undefined;
      }),
    );
    openPage("/dlq");
    const polls = () => queries.filter((query) => query === "?limit=1").length;
    await waitFor(() => expect(polls()).toBeGreaterThanOrEqual(3));
    expect(queries.length - polls()).toBeLessThanOrEqual(polls());
  });

  it("does not move rows while one is expanded", async () => {
    const { user } = openPage("/dlq?open=998");
    await screen.findByText("hello, this is not JSON {");
    respondWith(
      "/admin/dlq/sample",
      responses.dlqPage(Date.now(), 1, null).replaceAll('"id":"99', '"id":"77'),
    );
    const button = await screen.findByRole("button", { name: "Show newer dead letters" });
    expect(screen.getByText("hello, this is not JSON {")).toBeVisible();
    await user.click(button);
    await waitFor(() => expect(rows()).toHaveLength(1));
  });
});
