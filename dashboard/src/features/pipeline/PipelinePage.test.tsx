import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { answerWith, failAll, hangAll } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import * as answers from "@/testing/responses";

describe("Pipeline", () => {
  it("shows the stages, the lag and each partition", async () => {
    openPage("/pipeline");
    const lag = await screen.findByRole("region", { name: "Lag" });
    expect(within(lag).getByText("1,184")).toBeVisible();
    expect(within(lag).getByText("−12.4 a second")).toBeVisible();
    expect(screen.getByText("1 min 36 s")).toBeVisible();
    expect(await screen.findByText("5,773")).toBeVisible();
    const partitions = screen.getByRole("region", { name: "Lag of each partition" });
    expect(within(partitions).getAllByRole("row")).toHaveLength(7);
    expect(within(partitions).getAllByText("worker-2")).toHaveLength(3);
  });

  it("while loading says what it waits for", async () => {
    hangAll();
    openPage("/pipeline");
    expect(await screen.findByLabelText("Loading the lag")).toBeInTheDocument();
  });

  it("with an error says why", async () => {
    failAll();
    openPage("/pipeline");
    expect(await screen.findByText(/Postgres does not answer/)).toBeVisible();
  });

  it("draws no chart of the lag before there are two answers", async () => {
    // However often it is asked for meanwhile, it is the answer of one moment.
    answerWith("/admin/kafka/lag", answers.lag(Date.now()));
    openPage("/pipeline");
    const chart = await screen.findByRole("region", { name: "Lag over time" });
    expect(await within(chart).findByText("Measuring")).toBeVisible();
  });

  it("with nothing waiting says so", async () => {
    answerWith("/admin/kafka/lag", answers.idleLag(Date.now()));
    answerWith("/admin/series", answers.emptyThroughput(Date.now()));
    openPage("/pipeline");
    expect(await screen.findByText("Drained")).toBeVisible();
    expect(await screen.findByText("Nothing processed in the last hour")).toBeVisible();
  });

  it("says what is unknown while Kafka is away, and which partitions nobody reads", async () => {
    const known = answers.lag(Date.now());
    answerWith("/admin/kafka/lag", {
      ...known,
      total: null,
      trend_per_second: null,
      oldest_age_seconds: null,
      drain_seconds: null,
      partitions: known.partitions.map((partition) => ({ ...partition, end: null, lag: null, member: null })),
      error: "reading the watermarks: no broker answered in 3 s",
    });
    openPage("/pipeline");
    expect(await screen.findByText("reading the watermarks: no broker answered in 3 s")).toBeVisible();
    expect(screen.getAllByText("Unknown").length).toBeGreaterThanOrEqual(3);
    expect(screen.getAllByText("No consumer")).toHaveLength(6);
  });
});
