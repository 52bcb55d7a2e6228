import { once } from "node:events";
import net from "node:net";
import { expect, test } from "./platform";

/** A TCP proxy in front of the admin API whose connections can be cut. It keeps its port meanwhile. */
class TcpProxy {
  private readonly open = new Set<net.Socket>();
  private readonly server = net.createServer((client) => this.join(client));
  private isCut = false;
  private readonly target: URL;

  constructor(target: URL) {
    this.target = target;
  }

  /** Starts listening and returns the URL. */
  async start(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const address = this.server.address();
    if (address === null || typeof address !== "object") throw new Error("the proxy has no port");
    return `http://127.0.0.1:${address.port}`;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.open) socket.destroy();
  }

  restore(): void {
    this.isCut = false;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, "close");
  }

  private join(client: net.Socket): void {
    if (this.isCut) return void client.destroy();
    const upstream = net.connect(Number(this.target.port), this.target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.open.add(from);
      from.on("close", () => this.open.delete(from) && to.destroy());
      from.on("error", () => from.destroy());
      from.pipe(to);
    }
  }
}

test("during an outage of the admin API the data stays, with the reason, until it recovers", async ({
  page,
  baseURL,
  browserErrors,
}) => {
  const proxy = new TcpProxy(new URL(baseURL ?? ""));
  await page.goto(await proxy.start());
  const stored = page.getByRole("region", { name: "Stored, last minute" });
  await expect(stored).toBeVisible();
  // A query that has not loaded yet would have no data to keep.
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  proxy.cut();
  await expect(page.getByText("The admin API cannot be reached.").first()).toBeVisible();
  await expect(stored).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
  // Paused, so that no automatic retry succeeds and removes the button before it is clicked.
  await page.keyboard.press("p");
  await expect(page.getByRole("button", { name: "Try again" })).toBeEnabled();
  proxy.restore();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("The admin API cannot be reached.")).toHaveCount(0);
  // The browser logs each failed request; there must be no other error.
  expect(browserErrors.filter((text) => !text.includes("net::ERR_"))).toEqual([]);
  browserErrors.length = 0;
  await proxy.stop();
});
