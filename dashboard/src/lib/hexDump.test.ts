import { expect, it } from "vitest";
import { decodeBase64, hexDump } from "./hexDump";

it("shows the offset, the bytes and their printable characters", () => {
  expect(hexDump(decodeBase64("AAFhYv8="))).toMatch(/^000000 {2}00 01 61 62 ff +··ab·$/);
});

it("says how many bytes it omits", () => {
  expect(hexDump(new Uint8Array(5_000))).toMatch(/… 904 more bytes$/);
});
