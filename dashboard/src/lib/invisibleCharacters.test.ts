import { expect, it } from "vitest";
import { escapeInvisible } from "./invisibleCharacters";

it("escapes characters that hide or reorder text", () => {
  expect(escapeInvisible("user\u202Egpj.exe\u200B")).toBe("user\\u202egpj.exe\\u200b");
});
