import { screen, waitFor } from "@testing-library/react";
import { delay, HttpResponse, http } from "msw";
import { describe, expect, it } from "vitest";
import { admin, answerWith, recordQueries } from "@/testing/mockAdminApi";
import { openPage } from "@/testing/openPage";
import * as answers from "@/testing/responses";

function lines(): HTMLElement[] {
  return screen.queryAllByRole("button", { name: /^Unfold/ });
}

describe("The list of dead letters, while it grows", () => {
  it("loads older ones from where the page ended, and announces newer ones meanwhile", async () => {
    const older = answers.dlqPage(Date.now(), 3, null).replaceAll('"id":"99', '"id":"5');
    let newest = answers.dlqPage(Date.now(), 2);
    admin.use(
      http.get("/admin/dlq/sample", ({ request }) => {
        const before = new URL(request.url).searchParams.get("before");
        return HttpResponse.text(before === "1764000000000000-960" ? older : newest);
      }),
    );
    const { user } = openPage("/dlq");
    await user.click(await screen.findByRole("button", { name: "Load older ones" }));
    await waitFor(() => expect(lines()).toHaveLength(5));
    expect(screen.queryByRole("button", { name: "Load older ones" })).not.toBeInTheDocument();
    newest = answers.dlqPage(Date.now(), 1).replaceAll('"id":"99', '"id":"77');
    await user.click(await screen.findByRole("button", { name: "Newer ones arrived" }));
    await waitFor(() => expect(lines()).toHaveLength(1));
  });

  it("puts newer ones in by itself, and asks for one line only to know of them", async () => {
    const asked = recordQueries("/admin/dlq/sample");
    openPage("/dlq");
    await waitFor(() => expect(lines().length).toBeGreaterThan(10));
    answerWith("/admin/dlq/sample", answers.dlqPage(Date.now(), 1, null));
    await waitFor(() => expect(lines()).toHaveLength(1));
    expect(asked.filter((query) => query !== "?limit=1")).toEqual(["?limit=50"]);
  });

  it("asks for the list once more only, where a letter came between two answers", async () => {
    const asked: string[] = [];
    admin.use(
      http.get("/admin/dlq/sample", async ({ request }) => {
        const { search } = new URL(request.url);
        asked.push(search);
        await delay(50);
        return search === "?limit=1" ? HttpResponse.text(answers.EMPTY_DLQ) : undefined;
      }),
    );
    openPage("/dlq");
    const polls = () => asked.filter((query) => query === "?limit=1").length;
    await waitFor(() => expect(polls()).toBeGreaterThanOrEqual(3));
    expect(asked.length - polls()).toBeLessThanOrEqual(polls());
  });

  it("moves no line under someone who reads one", async () => {
    const { user } = openPage("/dlq?open=998");
    await screen.findByText("hello, this is no JSON {");
    answerWith("/admin/dlq/sample", answers.dlqPage(Date.now(), 1, null).replaceAll('"id":"99', '"id":"77'));
    const announced = await screen.findByRole("button", { name: "Newer ones arrived" });
    expect(screen.getByText("hello, this is no JSON {")).toBeVisible();
    await user.click(announced);
    await waitFor(() => expect(lines()).toHaveLength(1));
  });
});
