const PER_LINE = 16;
/** More is not drawn: nobody reads it, and copying still gives all. */
const MAX_LINES = 256;

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Bytes as lines of offset, hexadecimal and, where printable, ASCII. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length && lines.length < MAX_LINES; at += PER_LINE) {
    lines.push(line(at, bytes.subarray(at, at + PER_LINE)));
  }
  const left = bytes.length - lines.length * PER_LINE;
  return left > 0 ? `${lines.join("\n")}\n… ${left} more bytes` : lines.join("\n");
}

function line(offset: number, bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const ascii = [...bytes]
    .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·"))
    .join("");
  return `${offset.toString(16).padStart(6, "0")}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${ascii}`;
}
