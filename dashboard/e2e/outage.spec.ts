import { once } from "node:events";
import net from "node:net";
import { expect, test } from "./platform";

/** A wire to the admin API that can be cut and mended. It keeps its port while it is cut. */
class Wire {
  private readonly open = new Set<net.Socket>();
  private readonly server = net.createServer((near) => this.join(near));
  private isCut = false;
  private readonly target: URL;

  constructor(target: URL) {
    this.target = target;
  }

  /** Lets everything through; where. */
  async connect(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const address = this.server.address();
    if (address === null || typeof address !== "object") throw new Error("the wire has no port");
    return `http://127.0.0.1:${address.port}`;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.open) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  async end(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, "close");
  }

  private join(near: net.Socket): void {
    if (this.isCut) return void near.destroy();
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
  await page.goto(await wire.connect());
  const stored = page.getByRole("region", { name: "Stored, last minute" });
  await expect(stored).toBeVisible();
  // What has not come yet would have no older data to stay.
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  wire.cut();
  await expect(page.getByText("The admin API cannot be reached.").first()).toBeVisible();
  await expect(stored).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
  // From now on nobody asks by himself, so that the button is still there when it is wanted.
  await page.keyboard.press("p");
  await expect(page.getByRole("button", { name: "Try again" })).toBeEnabled();
  wire.mend();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("The admin API cannot be reached.")).toHaveCount(0);
  // The browser itself reports each request that failed meanwhile; nothing else may have gone wrong.
  expect(complaints.filter((text) => !text.includes("net::ERR_"))).toEqual([]);
  complaints.length = 0;
  await wire.end();
});
