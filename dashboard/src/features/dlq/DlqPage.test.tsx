import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { answerWith, failAll, hangAll, recordQueries } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import * as answers from "@/testing/responses";

describe("Dead letters", () => {
  it("lists them with their reason", async () => {
    openPage("/dlq");
    const table = await screen.findByRole("table", { name: "Dead letters" });
    expect(within(table).getAllByText(/missing event_type/)[0]).toBeVisible();
    expect(screen.getByText("1,342 dead letters")).toBeVisible();
  });

  it("unfolds one to its original, and says so in the URL", async () => {
    const { user, url } = openPage("/dlq");
    const [first] = await screen.findAllByRole("button", { name: /^Unfold/ });
    if (!first) throw new Error("no line");
    await user.click(first);
    expect(await screen.findByRole("region", { name: "Original message" })).toBeVisible();
    expect(url()).toBe("/dlq?open=999");
  });

  it.each([
    ["998", "hello, this is no JSON {"],
    ["997", /^000000 00 01 02 03 04 05 fe ff/],
    ["996", "The message had no value (null)."],
  ])("shows an original that is no JSON suitably (%s)", async (id, shown) => {
    openPage(`/dlq?open=${id}`);
    expect(await screen.findByText(shown)).toBeVisible();
  });

  it("asks for what the URL filters by, and clears it", async () => {
    const asked = recordQueries("/admin/dlq/sample");
    const { user, url } = openPage("/dlq?code=VALIDATION_FAILED&tenant=tenant_b");
    await screen.findByRole("table");
    expect(asked).toContain("?code=VALIDATION_FAILED&tenant=tenant_b&limit=50");
    await user.click(screen.getByRole("button", { name: "Clear filters" }));
    await waitFor(() => expect(url()).toBe("/dlq"));
    await waitFor(() => expect(asked).toContain("?limit=50"));
  });

  it("shows everything where the URL filters by what cannot be", async () => {
    const asked = recordQueries("/admin/dlq/sample");
    openPage("/dlq?code=%3Cb%3E&tenant=a%20b&open=..");
    await screen.findByRole("table");
    expect(new Set(asked)).toEqual(new Set(["?limit=50", "?limit=1"]));
    expect(screen.getByRole("textbox", { name: "Tenant" })).toHaveValue("");
  });

  it("takes a typed tenant into the URL, and refuses what is none", async () => {
    const { user, url } = openPage("/dlq");
    const field = await screen.findByRole("textbox", { name: "Tenant" });
    await user.type(field, "tenant b");
    await waitFor(() => expect(url()).toBe("/dlq?tenant=tenantb"));
    await user.type(field, "<");
    expect(await screen.findByText(/Letters, digits/)).toBeVisible();
    expect(url()).toBe("/dlq?tenant=tenantb");
  });

  it("draws only the lines in sight", async () => {
    answerWith("/admin/dlq/sample", answers.dlqPage(Date.now(), 900));
    openPage("/dlq");
    await screen.findByRole("table");
    expect(screen.getAllByRole("button", { name: /^Unfold/ }).length).toBeLessThan(100);
  });

  it("without any says so, with the command that sends an event", async () => {
    answerWith("/admin/dlq/sample", answers.EMPTY_DLQ);
    openPage("/dlq");
    expect(await screen.findByText("No dead letters")).toBeVisible();
    expect(screen.getByText(/^curl -i/)).toBeVisible();
  });

  it("without a match offers to clear the filters", async () => {
    answerWith("/admin/dlq/sample", answers.EMPTY_DLQ);
    openPage("/dlq?tenant=nobody");
    expect(await screen.findByText("No dead letter matches")).toBeVisible();
  });

  it("while loading says what it waits for", async () => {
    hangAll();
    openPage("/dlq");
    expect(await screen.findByLabelText("Loading the dead letters")).toBeInTheDocument();
  });

  it("with an error says why and keeps the filters", async () => {
    failAll();
    openPage("/dlq?tenant=tenant_a");
    expect(await screen.findByText(/Postgres does not answer/)).toBeVisible();
    expect(screen.getByRole("textbox", { name: "Tenant" })).toHaveValue("tenant_a");
  });
});
