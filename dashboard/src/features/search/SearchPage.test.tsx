import { act, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { neverRespond, recordQueries, respondUnavailable, respondWith } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import { EMPTY_SEARCH } from "@/testing/responses";

const FOUND = "/search?tenant=tenant_a&value=order-1042";

describe("Search", () => {
  it("starts without a request and says what can be searched", async () => {
    openPage("/search");
    expect(await screen.findByText("Search by event id, idempotency key or request id")).toBeVisible();
    expect(screen.getByText(/^curl -i/)).toBeVisible();
  });

  it("shows the whole row, with numbers unchanged and markup as text", async () => {
    openPage(FOUND);
    const row = await screen.findByRole("region", { name: "order.created" });
    expect(within(row).getByText("req_01985f1e-7c1b-7d0a-8f53-0f6d2a8c9b11")).toBeVisible();
    expect(await within(row).findByText("12345678901234567890")).toBeVisible();
    expect(within(row).getByText("1e5")).toBeVisible();
    expect(within(row).getByText("0.10")).toBeVisible();
    expect(within(row).getByText('"<img src=x onerror=alert(1)>"')).toBeVisible();
    expect(row.querySelector("img")).toBeNull();
  });

  it("finds dead letters too", async () => {
    openPage(FOUND);
    expect(await screen.findByText("Found 1 stored event and 1 dead letter.")).toBeVisible();
    expect(screen.getByRole("region", { name: "Dead letter: VALIDATION_FAILED" })).toBeVisible();
  });

  it("puts the typed search into the URL and sends it to the API", async () => {
    const queries = recordQueries("/admin/event/by-idempotency");
    const { user, url } = openPage("/search");
    await user.selectOptions(await screen.findByRole("combobox", { name: "Find by" }), "Idempotency key");
    await user.type(screen.getByRole("textbox", { name: "Tenant" }), "tenant_a");
    await user.type(screen.getByRole("textbox", { name: "Idempotency key" }), "12345678901234567890{Enter}");
    await screen.findByText(/^Found/);
    expect(url()).toBe("/search?by=idempotency_key&tenant=tenant_a&value=12345678901234567890");
    expect(queries[0]).toBe("?tenant=tenant_a&idempotencyKey=12345678901234567890");
  });

  it("keeps the focus on Enter, and follows the URL on Back", async () => {
    const { user, url, back } = openPage(FOUND);
    const field = await screen.findByRole("textbox", { name: "Event id" });
    await user.clear(field);
    await user.type(field, "another{Enter}");
    await waitFor(() => expect(url()).toBe("/search?tenant=tenant_a&value=another"));
    expect(screen.getByRole("textbox", { name: "Event id" })).toHaveFocus();
    act(back);
    await waitFor(() => expect(screen.getByRole("textbox", { name: "Event id" })).toHaveValue("order-1042"));
  });

  it("searches by event id when the field in the URL is invalid", async () => {
    const queries = recordQueries("/admin/event/search");
    openPage("/search?by=nothing&tenant=tenant_a&value=order-1042");
    await screen.findByText(/^Found/);
    expect(queries[0]).toBe("?tenant=tenant_a&eventId=order-1042");
  });

  it("searches for a request id without a tenant", async () => {
    const queries = recordQueries("/admin/event/search");
    openPage("/search?by=request_id&value=req_1");
    await screen.findByText(/^Found/);
    expect(queries[0]).toBe("?requestId=req_1");
    expect(screen.getByText(/^Request req_1 was a duplicate of this event/)).toBeVisible();
  });

  it("says that nothing was found, and keeps searching", async () => {
    respondWith("/admin/event/search", EMPTY_SEARCH);
    openPage(FOUND);
    expect(await screen.findByText("No event with this event id")).toBeVisible();
    expect(screen.getByText(/keeps searching/)).toBeVisible();
  });

  it("says what is loading", async () => {
    neverRespond();
    openPage(FOUND);
    expect(await screen.findByLabelText("Loading the event")).toBeInTheDocument();
  });

  it("shows the error", async () => {
    respondUnavailable();
    openPage(FOUND);
    expect(await screen.findByText("Could not load the event")).toBeVisible();
  });
});
