import { renderHook, screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { afterEach, describe, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { giveToken, useTokenState } from "@/api/token";
import { REFRESH_MS } from "@/lib/hooks/autoRefresh";
import { admin, answerWith, recordQueries } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import { overview } from "@/testing/responses";

afterEach(() => void vi.useRealTimers());

describe("Shell", () => {
  it("goes to each page by keyboard", async () => {
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

  it("puts the cursor into the search field on /", async () => {
    const { user } = openPage("/");
    await screen.findByText("5,214");
    await user.keyboard("/");
    await waitFor(() => expect(screen.getByRole("textbox", { name: "Event id" })).toHaveFocus());
  });

  it("stops asking while paused, and goes on afterwards", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { user } = openPage("/");
    await screen.findByText("5,214");
    const asked = recordQueries("/admin/overview");
    await user.keyboard("p");
    expect(screen.getByText(/^Paused/)).toBeVisible();
    vi.advanceTimersByTime(600_000);
    await user.keyboard("p");
    expect(asked).toEqual([]);
    vi.advanceTimersByTime(REFRESH_MS);
    await waitFor(() => expect(asked).toHaveLength(1));
  });

  it("lists the shortcuts on ?", async () => {
    const { user } = openPage("/");
    await screen.findByText("5,214");
    await user.keyboard("?");
    expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  });

  it("asks again where what was pasted cannot be a token", async () => {
    answerWith("/admin/overview", { error: { code: "UNAUTHORIZED", message: "a token is needed" } }, 401);
    const { user } = openPage("/");
    await user.type(await screen.findByLabelText("Token"), "s3cret…");
    await user.click(screen.getByRole("button", { name: "Use this token" }));
    await waitFor(() => expect(screen.getByText(/does not know that token/)).toBeVisible());
    expect(screen.queryByText(/cannot be reached/)).not.toBeInTheDocument();
  });

  it("asks for a token when the API wants one, and sends it", async () => {
    const sent: (string | null)[] = [];
    admin.use(
      http.get("/admin/*", ({ request }) => {
        const token = request.headers.get("Authorization");
        sent.push(token);
        if (token === "Bearer s3cret") return HttpResponse.json(overview(Date.now()));
        return HttpResponse.json(
          { error: { code: "UNAUTHORIZED", message: "a token is needed" } },
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

  it("does not ask again where a refusal of the token before comes late", async () => {
    let refuse = (): void => undefined;
    const refused = new Promise<void>((resolve) => {
      refuse = resolve;
    });
    admin.use(
      http.get("/admin/overview", async ({ request }) => {
        const token = request.headers.get("Authorization");
        if (token === "Bearer s3cret") return HttpResponse.json(overview(Date.now()));
        if (token) await refused;
        return HttpResponse.json({ error: { code: "UNAUTHORIZED", message: "" } }, { status: 401 });
      }),
    );
    giveToken("mistyped");
    const late = api.GET("/admin/overview");
    giveToken("s3cret");
    openPage("/");
    await screen.findByText("5,214");
    refuse();
    expect((await late).response.status).toBe(401);
    expect(renderHook(useTokenState).result.current).toEqual({ token: "s3cret", asked: false });
  });

  it("says so at an address that is no page", async () => {
    openPage("/nowhere");
    expect(await screen.findByText("There is no such page")).toBeVisible();
  });
});
