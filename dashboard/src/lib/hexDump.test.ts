import { expect, it } from "vitest";
import { fromBase64, hexDump } from "./hexDump";

it("shows offset, bytes and what of them is text", () => {
  expect(hexDump(fromBase64("AAFhYv8="))).toMatch(/^000000 {2}00 01 61 62 ff +··ab·$/);
});

it("says how much it leaves out", () => {
  expect(hexDump(new Uint8Array(5_000))).toMatch(/… 904 more bytes$/);
});
