import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { neverRespond, recordQueries, respondUnavailable, respondWith } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import * as responses from "@/testing/responses";

describe("Dead letters", () => {
  it("lists dead letters with their reasons", async () => {
    openPage("/dlq");
    const table = await screen.findByRole("table", { name: "Dead letters" });
    expect(within(table).getAllByText(/missing event_type/)[0]).toBeVisible();
    expect(screen.getByText("1,342 dead letters")).toBeVisible();
  });

  it("expands one to its original record, and keeps that in the URL", async () => {
    const { user, url } = openPage("/dlq");
    const [first] = await screen.findAllByRole("button", { name: /^Expand the/ });
    if (!first) throw new Error("no row");
    await user.click(first);
    expect(await screen.findByRole("region", { name: "Original record" })).toBeVisible();
    expect(url()).toBe("/dlq?open=999");
  });

  it.each([
    ["998", "hello, this is not JSON {"],
    ["997", /^000000 00 01 02 03 04 05 fe ff/],
    ["996", "The record had no value (null)."],
  ])("shows an original that is not JSON as text, bytes or null (%s)", async (id, shown) => {
    openPage(`/dlq?open=${id}`);
    expect(await screen.findByText(shown)).toBeVisible();
  });

  it("applies the filters in the URL, and clears them", async () => {
    const queries = recordQueries("/admin/dlq/sample");
    const { user, url } = openPage("/dlq?code=VALIDATION_FAILED&tenant=tenant_b");
    await screen.findByRole("table");
    expect(queries).toContain("?code=VALIDATION_FAILED&tenant=tenant_b&limit=50");
    await user.click(screen.getByRole("button", { name: "Clear filters" }));
    await waitFor(() => expect(url()).toBe("/dlq"));
    await waitFor(() => expect(queries).toContain("?limit=50"));
  });

  it("ignores invalid filters in the URL", async () => {
    const queries = recordQueries("/admin/dlq/sample");
    openPage("/dlq?code=%3Cb%3E&tenant=a%20b&open=..");
    await screen.findByRole("table");
    expect(new Set(queries)).toEqual(new Set(["?limit=50", "?limit=1"]));
    expect(screen.getByRole("textbox", { name: "Tenant" })).toHaveValue("");
  });

  it("writes a typed tenant into the URL, and rejects an invalid one", async () => {
    const { user, url } = openPage("/dlq");
    const field = await screen.findByRole("textbox", { name: "Tenant" });
    await user.type(field, "tenant b");
    await waitFor(() => expect(url()).toBe("/dlq?tenant=tenantb"));
    await user.type(field, "<");
    expect(await screen.findByText(/Only letters, digits/)).toBeVisible();
    expect(url()).toBe("/dlq?tenant=tenantb");
  });

  it("renders only the rows in the viewport", async () => {
    respondWith("/admin/dlq/sample", responses.dlqPage(Date.now(), 900));
    openPage("/dlq");
    await screen.findByRole("table");
    expect(screen.getAllByRole("button", { name: /^Expand the/ }).length).toBeLessThan(100);
  });

  it("shows the command that sends an event when there are none", async () => {
    respondWith("/admin/dlq/sample", responses.EMPTY_DLQ);
    openPage("/dlq");
    expect(await screen.findByText("No dead letters")).toBeVisible();
    expect(screen.getByText(/^curl -i/)).toBeVisible();
  });

  it("offers to clear the filters when none matches", async () => {
    respondWith("/admin/dlq/sample", responses.EMPTY_DLQ);
    openPage("/dlq?tenant=nobody");
    expect(await screen.findByText("No dead letter matches")).toBeVisible();
  });

  it("says what is loading", async () => {
    neverRespond();
    openPage("/dlq");
    expect(await screen.findByLabelText("Loading the dead letters")).toBeInTheDocument();
  });

  it("shows the error and keeps the filters", async () => {
    respondUnavailable();
    openPage("/dlq?tenant=tenant_a");
    expect(await screen.findByText(/Postgres is unavailable/)).toBeVisible();
    expect(screen.getByRole("textbox", { name: "Tenant" })).toHaveValue("tenant_a");
  });
});
