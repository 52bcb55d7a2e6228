import type { DeadLetter } from "@/api/types";
import { fromBase64, hexDump } from "@/lib/hexDump";
import { type JsonDocument, textOf } from "@/lib/json";
import { counted } from "@/lib/numbers";
import { TextFrame } from "@/ui/CodeFrame";
import { CopyButton } from "@/ui/CopyButton";
import { JsonTree } from "@/ui/json/JsonTree";
import { visibly } from "@/ui/json/jsonRows";
import classes from "./OriginalRecord.module.css";

type OriginalProps = { original: JsonDocument; encoding: DeadLetter["original_encoding"] };

/** The message as it stood in Kafka: a tree if it is JSON, else its text, else its bytes. */
export function Original({ original, encoding }: OriginalProps) {
  if (encoding === "json") return <JsonTree document={original} label="Original message" />;
  const written = stringOf(original);
  if (encoding === "null" || written === null) {
    return <p className={classes.note}>The message had no value (null).</p>;
  }
  if (encoding === "text")
    return <Text label="Original message, no JSON" shown={visibly(written)} copied={written} />;
  const bytes = fromBase64(written);
  return (
    <Text
      label={`Original message, ${counted(bytes.length, "byte")} that are no text (copied as base64)`}
      shown={hexDump(bytes)}
      copied={written}
      columns
    />
  );
}

type TextProps = { label: string; shown: string; copied: string; columns?: boolean };

function Text({ label, shown, copied, columns = false }: TextProps) {
  return (
    <TextFrame
      label={label}
      actions={<CopyButton what="the original message" label="Copy" text={() => copied} />}
    >
      <pre className={classes.text} data-columns={columns || undefined} tabIndex={0}>
        {shown}
      </pre>
    </TextFrame>
  );
}

function stringOf(document: JsonDocument): string | null {
  const { value } = document;
  return value.kind === "string" ? value.value : value.kind === "literal" ? null : textOf(document);
}
