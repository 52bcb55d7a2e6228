import { screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { afterEach, describe, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { saveToken, tokenState } from "@/api/token";
import { REFRESH_INTERVAL_MS } from "@/lib/hooks/autoRefresh";
import { mockServer, recordQueries, respondWith } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import { overview } from "@/testing/responses";

afterEach(() => void vi.useRealTimers());

describe("Shell", () => {
  it("opens each page by keyboard", async () => {
    const { user, url } = openPage("/");
    await screen.findByText("5,214");
    for (const [keys, address] of [
      ["gd", "/dlq"],
      ["gs", "/search"],
      ["gp", "/pipeline"],
      ["go", "/"],
    ] as const) {
      await user.keyboard(keys);
      await waitFor(() => expect(url()).toBe(address));
    }
  });

  it("focuses the search field on /", async () => {
    const { user } = openPage("/");
    await screen.findByText("5,214");
    await user.keyboard("/");
    await waitFor(() => expect(screen.getByRole("textbox", { name: "Event id" })).toHaveFocus());
  });

  it("sends no requests while paused, and resumes afterwards", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { user } = openPage("/");
    await screen.findByText("5,214");
    const queries = recordQueries("/admin/overview");
    await user.keyboard("p");
    expect(screen.getByText(/^Paused/)).toBeVisible();
    vi.advanceTimersByTime(600_000);
    await user.keyboard("p");
    expect(queries).toEqual([]);
    vi.advanceTimersByTime(REFRESH_INTERVAL_MS);
    await waitFor(() => expect(queries).toHaveLength(1));
  });

  it("lists the shortcuts on ?", async () => {
    const { user } = openPage("/");
    await screen.findByText("5,214");
    await user.keyboard("?");
    expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  });

  it("requests a token again when the pasted text cannot be one", async () => {
    respondWith("/admin/overview", { error: { code: "UNAUTHORIZED", message: "a token is required" } }, 401);
    const { user } = openPage("/");
    await user.type(await screen.findByLabelText("Token"), "s3cret…");
    await user.click(screen.getByRole("button", { name: "Use this token" }));
    await waitFor(() => expect(screen.getByText(/rejected this token/)).toBeVisible());
    expect(screen.queryByText(/cannot be reached/)).not.toBeInTheDocument();
  });

  it("requests a token when the API responds with 401, and sends it", async () => {
    const sent: (string | null)[] = [];
    mockServer.use(
      http.get("/admin/*", ({ request }) => {
        const token = request.headers.get("Authorization");
        sent.push(token);
        if (token === "Bearer s3cret") return HttpResponse.json(overview(Date.now()));
        return HttpResponse.json(
          { error: { code: "UNAUTHORIZED", message: "a token is required" } },
          { status: 401 },
        );
      }),
    );
    const { user } = openPage("/search?tenant=tenant_a&value=x");
    await user.type(await screen.findByLabelText("Token"), "s3cret");
    await user.click(screen.getByRole("button", { name: "Use this token" }));
    await waitFor(() => expect(sent).toContain("Bearer s3cret"));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(sessionStorage.getItem("event-platform.token")).toBe("s3cret");
  });

  it("does not request a token again when a 401 for the previous one arrives late", async () => {
    let releaseResponse = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      releaseResponse = resolve;
    });
    mockServer.use(
      http.get("/admin/overview", async ({ request }) => {
        const token = request.headers.get("Authorization");
        if (token === "Bearer s3cret") return HttpResponse.json(overview(Date.now()));
        if (token) await released;
        return HttpResponse.json({ error: { code: "UNAUTHORIZED", message: "" } }, { status: 401 });
      }),
    );
    saveToken("mistyped");
    const late = api.GET("/admin/overview");
    saveToken("s3cret");
    openPage("/");
    await screen.findByText("5,214");
    releaseResponse();
    expect((await late).response.status).toBe(401);
    expect(tokenState()).toEqual({ token: "s3cret", requested: false });
  });

  it("shows an error at an unknown address", async () => {
    openPage("/nowhere");
    expect(await screen.findByText("Page not found")).toBeVisible();
  });
});
