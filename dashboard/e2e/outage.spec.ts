import { once } from "node:events";
import net from "node:net";
import { expect, test } from "./platform";

/** A wire to the admin API that can be cut and mended. */
class Wire {
  private readonly open = new Set<net.Socket>();
  private server: net.Server | null = null;
  private port = 0;
  private readonly target: URL;

  constructor(target: URL) {
    this.target = target;
  }

  /** Lets everything through, always under the same address. */
  async mend(): Promise<string> {
    this.server = net.createServer((near) => this.join(near));
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    const address = this.server.address();
    if (address !== null && typeof address === "object") this.port = address.port;
    return `http://127.0.0.1:${this.port}`;
  }

  async cut(): Promise<void> {
    this.server?.close();
    for (const socket of this.open) socket.destroy();
    if (this.server) await once(this.server, "close");
  }

  private join(near: net.Socket): void {
    const far = net.connect(Number(this.target.port), this.target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.open.add(from);
      from.on("close", () => this.open.delete(from) && to.destroy());
      from.on("error", () => from.destroy());
      from.pipe(to);
    }
  }
}

test("when the admin API is gone old data stays, with the reason, until it is back", async ({
  page,
  baseURL,
  complaints,
}) => {
  const wire = new Wire(new URL(baseURL ?? ""));
  await page.goto(await wire.mend());
  const stored = page.getByRole("region", { name: "Stored, last minute" });
  await expect(stored).toBeVisible();
  await wire.cut();
  await expect(page.getByText("The admin API cannot be reached.").first()).toBeVisible({ timeout: 10_000 });
  await expect(stored).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
  await wire.mend();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("The admin API cannot be reached.")).toHaveCount(0, { timeout: 10_000 });
  // The browser itself reports each request that failed meanwhile; nothing else may have gone wrong.
  expect(complaints.filter((text) => !text.includes("net::ERR_"))).toEqual([]);
  complaints.length = 0;
  await wire.cut();
});
