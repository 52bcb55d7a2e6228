import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { neverRespond, respondUnavailable, respondWith } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import * as responses from "@/testing/responses";

describe("Pipeline", () => {
  it("shows the stages, the lag and each partition", async () => {
    openPage("/pipeline");
    const lag = await screen.findByRole("region", { name: "Lag" });
    expect(within(lag).getByText("1,184")).toBeVisible();
    expect(within(lag).getByText("−12.4 per second")).toBeVisible();
    expect(screen.getByText("1 min 36 s")).toBeVisible();
    expect(await screen.findByText("5,773")).toBeVisible();
    const partitions = screen.getByRole("region", { name: "Lag of each partition" });
    expect(within(partitions).getAllByRole("row")).toHaveLength(7);
    expect(within(partitions).getAllByText("worker-2")).toHaveLength(3);
  });

  it("says what is loading", async () => {
    neverRespond();
    openPage("/pipeline");
    expect(await screen.findByLabelText("Loading the lag")).toBeInTheDocument();
  });

  it("shows the error", async () => {
    respondUnavailable();
    openPage("/pipeline");
    expect(await screen.findByText(/Postgres is unavailable/)).toBeVisible();
  });

  it("shows no lag chart before there are two samples", async () => {
    // Every response has the same timestamp, so polling adds no second sample.
    respondWith("/admin/kafka/lag", responses.lag(Date.now()));
    openPage("/pipeline");
    const chart = await screen.findByRole("region", { name: "Lag over time" });
    expect(await within(chart).findByText("Measuring")).toBeVisible();
  });

  it("says that the lag is drained", async () => {
    respondWith("/admin/kafka/lag", responses.idleLag(Date.now()));
    respondWith("/admin/series", responses.emptyThroughput(Date.now()));
    openPage("/pipeline");
    expect(await screen.findByText("Drained")).toBeVisible();
    expect(await screen.findByText("No events in the last hour")).toBeVisible();
  });

  it("shows what is unknown while Kafka is unavailable, and which partitions have no consumer", async () => {
    const response = responses.lag(Date.now());
    respondWith("/admin/kafka/lag", {
      ...response,
      total: null,
      trend_per_second: null,
      oldest_age_seconds: null,
      drain_seconds: null,
      partitions: response.partitions.map((partition) => ({
        ...partition,
        end: null,
        lag: null,
        member: null,
      })),
      error: "reading the watermarks: no broker answered in 3 s",
    });
    openPage("/pipeline");
    expect(await screen.findByText("reading the watermarks: no broker answered in 3 s")).toBeVisible();
    expect(screen.getAllByText("Unknown").length).toBeGreaterThanOrEqual(3);
    expect(screen.getAllByText("No consumer")).toHaveLength(6);
  });
});
