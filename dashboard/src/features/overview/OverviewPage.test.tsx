import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { answerWith, failAll, hangAll, recordQueries } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import * as answers from "@/testing/responses";

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
    expect(within(health).getByText("answers in 1.4 ms")).toBeVisible();
  });

  it("draws what hides in a type's name, so that no type can pose as another", async () => {
    const type = { event_type: "order\u202ecreated", count: 3 };
    answerWith("/admin/overview", { ...answers.overview(Date.now()), top_type_today: type });
    answerWith("/admin/top-event-types", { since: new Date().toISOString(), types: [type] });
    openPage("/");
    await waitFor(() => expect(screen.getAllByText("order\\u202ecreated")).toHaveLength(2));
  });

  it("names the sum of all other types, which no type is", async () => {
    const types = [
      { event_type: "(other)", count: 9 },
      { event_type: null, count: 4 },
    ];
    answerWith("/admin/top-event-types", { since: new Date().toISOString(), types });
    openPage("/");
    const list = await screen.findByRole("region", { name: "Top event types" });
    await waitFor(() =>
      expect(
        within(list)
          .getAllByRole("listitem")
          .map((each) => each.textContent),
      ).toEqual(["(other)9", "all other types4"]),
    );
  });

  it("while loading says what it waits for", async () => {
    hangAll();
    openPage("/");
    expect(await screen.findByLabelText("Loading the numbers of the last minutes")).toBeInTheDocument();
    expect(await screen.findByText("No data yet")).toBeVisible();
  });

  it("with nothing to show for it says why, once, and loads on another try", async () => {
    failAll();
    const { user } = openPage("/");
    expect(await screen.findByText(/Postgres does not answer/)).toBeVisible();
    expect(screen.getAllByRole("alert")).toHaveLength(1);
    answerWith("/admin/overview", answers.overview(Date.now()));
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("5,214")).toBeVisible();
  });

  it("keeps old data when an answer fails, and says so", async () => {
    const { user } = openPage("/");
    await screen.findByText("5,214");
    failAll();
    await user.click(screen.getByRole("button", { name: "Refresh now" }));
    expect(await screen.findByText(/Shown is what it said/)).toBeVisible();
    expect(screen.getByText("5,214")).toBeVisible();
  });

  it("without events shows the command that sends a first one", async () => {
    answerWith("/admin/overview", answers.emptyOverview(Date.now()));
    answerWith("/admin/series", answers.emptyThroughput(Date.now()));
    openPage("/");
    expect(await screen.findByText("No event in the last hour")).toBeVisible();
    expect(screen.getByText(/^curl -i/)).toBeVisible();
    expect(await screen.findByText("None yet")).toBeVisible();
  });

  it("shows an hour where the URL asks for a span that is none", async () => {
    const asked = recordQueries("/admin/series");
    openPage("/?minutes=7");
    expect(await screen.findByText("Processed in the last hour")).toBeVisible();
    expect([...new Set(asked)]).toEqual(["?minutes=60"]);
  });

  it("asks for the span in the URL, and puts the chosen one there", async () => {
    const asked = recordQueries("/admin/series");
    const { user, url } = openPage("/?minutes=240");
    expect(await screen.findByText("Processed in the last 4 hours")).toBeVisible();
    await user.click(screen.getByRole("radio", { name: "15 min" }));
    expect(url()).toBe("/?minutes=15");
    await screen.findByText("Processed in the last 15 minutes");
    expect(asked).toEqual(expect.arrayContaining(["?minutes=240", "?minutes=15"]));
  });

  it("shows the chart as a table", async () => {
    const { user } = openPage("/");
    await user.click(await screen.findByRole("button", { name: "Show as table" }));
    expect(screen.getAllByRole("row")).toHaveLength(61);
  });
});
