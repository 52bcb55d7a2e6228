import type { OriginalValue } from "@/domain/deadLetter";
import { hexDump } from "@/lib/hexDump";
import { escapeInvisible } from "@/lib/invisibleCharacters";
import { pluralize } from "@/lib/numbers";
import { CodeFrame } from "@/ui/CodeFrame";
import { CopyButton } from "@/ui/CopyButton";
import { JsonTree } from "@/ui/json/JsonTree";
import classes from "./OriginalRecord.module.css";

/** The value of the Kafka record, unchanged: as a tree if it is JSON, else as text, else as a hex dump. */
export function OriginalRecord({ value }: { value: OriginalValue }) {
  switch (value.kind) {
    case "json":
      return <JsonTree document={value.document} label="Original record" />;
    case "null":
      return <p className={classes.note}>The record had no value (null).</p>;
    case "text":
      return (
        <RecordText
          label="Original record (not JSON)"
          text={escapeInvisible(value.text)}
          copyText={value.text}
        />
      );
    case "bytes":
      return (
        <RecordText
          label={`Original record (${pluralize(value.bytes.length, "byte")}, not UTF-8; copied as base64)`}
          text={hexDump(value.bytes)}
          copyText={value.base64}
          preformatted
        />
      );
  }
}

type RecordTextProps = { label: string; text: string; copyText: string; preformatted?: boolean };

function RecordText({ label, text, copyText, preformatted = false }: RecordTextProps) {
  return (
    <CodeFrame
      label={label}
      actions={<CopyButton content="the original record" label="Copy" text={() => copyText} />}
    >
      <pre className={classes.text} data-preformatted={preformatted || undefined} tabIndex={0}>
        {text}
      </pre>
    </CodeFrame>
  );
}
