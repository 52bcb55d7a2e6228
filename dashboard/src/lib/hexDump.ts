const PER_LINE = 16;
/** Lines shown at most: nobody reads more, and copying still gives all bytes. */
const MAX_LINES = 256;

export function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Bytes as lines of offset, hexadecimal and printable ASCII, like `hexdump -C`. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length && lines.length < MAX_LINES; offset += PER_LINE) {
    lines.push(dumpLine(offset, bytes.subarray(offset, offset + PER_LINE)));
  }
  const omitted = bytes.length - lines.length * PER_LINE;
  return omitted > 0 ? `${lines.join("\n")}\n… ${omitted} more bytes` : lines.join("\n");
}

function dumpLine(offset: number, bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const ascii = [...bytes]
    .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·"))
    .join("");
  return `${offset.toString(16).padStart(6, "0")}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${ascii}`;
}
