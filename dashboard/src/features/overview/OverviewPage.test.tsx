import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { neverRespond, recordQueries, respondUnavailable, respondWith } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import * as responses from "@/testing/responses";

describe("Overview", () => {
  it("shows the last minutes, the top type, the dead letters and the health of each dependency", async () => {
    openPage("/");
    expect(await screen.findByText("5,214")).toBeVisible();
    expect(screen.getByText("25,803")).toBeVisible();
    expect(
      within(screen.getByRole("region", { name: "Top type today" })).getByText("order.created"),
    ).toBeVisible();
    expect(within(screen.getByRole("region", { name: "Dead letters" })).getByText("1,342")).toBeVisible();
    const health = await screen.findByRole("region", { name: "Health" });
    expect(await within(health).findByText("connecting to 127.0.0.1:6379: Connection refused")).toBeVisible();
    expect(within(health).getByText("Down")).toBeVisible();
    expect(within(health).getByText(/^Events are still accepted/)).toBeVisible();
    expect(within(health).getByText("event-platform logs redis")).toBeVisible();
    expect(within(health).getByText("responds in 1.4 ms")).toBeVisible();
  });

  it("escapes invisible characters in a type's name, so that no type can pass for another", async () => {
    const type = { event_type: "order\u202ecreated", count: 3 };
    respondWith("/admin/overview", { ...responses.overview(Date.now()), top_type_today: type });
    respondWith("/admin/top-event-types", { since: new Date().toISOString(), types: [type] });
    openPage("/");
    await waitFor(() => expect(screen.getAllByText("order\\u202ecreated")).toHaveLength(2));
  });

  it("labels the sum of all other types differently from any type", async () => {
    const types = [
      { event_type: "(other)", count: 9 },
      { event_type: null, count: 4 },
    ];
    respondWith("/admin/top-event-types", { since: new Date().toISOString(), types });
    openPage("/");
    const list = await screen.findByRole("region", { name: "Top event types" });
    await waitFor(() =>
      expect(
        within(list)
          .getAllByRole("listitem")
          .map((item) => item.textContent),
      ).toEqual(["(other)9", "all other types4"]),
    );
  });

  it("says what is loading", async () => {
    neverRespond();
    openPage("/");
    expect(await screen.findByLabelText("Loading the counts of the last minutes")).toBeInTheDocument();
    expect(await screen.findByText("No data yet")).toBeVisible();
  });

  it("shows one error when nothing could be loaded, and loads on a retry", async () => {
    respondUnavailable();
    const { user } = openPage("/");
    expect(await screen.findByText(/Postgres is unavailable/)).toBeVisible();
    expect(screen.getAllByRole("alert")).toHaveLength(1);
    respondWith("/admin/overview", responses.overview(Date.now()));
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("5,214")).toBeVisible();
  });

  it("keeps data when a refresh fails, and says that it is stale", async () => {
    const { user } = openPage("/");
    await screen.findByText("5,214");
    respondUnavailable();
    await user.click(screen.getByRole("button", { name: "Refresh now" }));
    expect(await screen.findByText(/Stale data: last updated/)).toBeVisible();
    expect(screen.getByText("5,214")).toBeVisible();
  });

  it("shows the command that sends an event when there are none", async () => {
    respondWith("/admin/overview", responses.emptyOverview(Date.now()));
    respondWith("/admin/series", responses.emptyThroughput(Date.now()));
    openPage("/");
    expect(await screen.findByText("No events in the last hour")).toBeVisible();
    expect(screen.getByText(/^curl -i/)).toBeVisible();
    expect(await screen.findByText("None yet")).toBeVisible();
  });

  it("shows an hour when the time range in the URL is invalid", async () => {
    const queries = recordQueries("/admin/series");
    openPage("/?minutes=7");
    expect(await screen.findByText("Processed in the last hour")).toBeVisible();
    expect([...new Set(queries)]).toEqual(["?minutes=60"]);
  });

  it("requests the time range in the URL, and puts the selected one there", async () => {
    const queries = recordQueries("/admin/series");
    const { user, url } = openPage("/?minutes=240");
    expect(await screen.findByText("Processed in the last 4 hours")).toBeVisible();
    await user.click(screen.getByRole("radio", { name: "15 min" }));
    expect(url()).toBe("/?minutes=15");
    await screen.findByText("Processed in the last 15 minutes");
    expect(queries).toEqual(expect.arrayContaining(["?minutes=240", "?minutes=15"]));
  });

  it("shows the chart as a table", async () => {
    const { user } = openPage("/");
    await user.click(await screen.findByRole("button", { name: "Show as table" }));
    expect(screen.getAllByRole("row")).toHaveLength(61);
  });
});
