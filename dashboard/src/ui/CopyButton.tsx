import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy, IconCopyX } from "@tabler/icons-react";
import { useEffect, useState } from "react";

type CopyButtonProps = {
  text: () => string;
  /** Names what is copied, after "Copy": "event id". */
  content: string;
  /** With a label it is a button with text, without one an icon. */
  label?: string;
};
type CopyState = "idle" | "copied" | "failed";

const ICONS = { idle: IconCopy, copied: IconCheck, failed: IconCopyX };
/** How long the result stays on the button. */
const RESULT_MS = 1_800;

/** Copies a text and shows whether that worked: browsers only allow it on https and localhost. */
export function CopyButton({ text, content, label }: CopyButtonProps) {
  const { state, copy } = useCopy(text);
  const description = { idle: `Copy ${content}`, copied: "Copied", failed: "The browser refused to copy" }[
    state
  ];
  const Icon = ICONS[state];
  if (label) {
    return (
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<Icon size={14} />}
        onClick={copy}
        aria-live="polite"
      >
        {state === "idle" ? label : description}
      </Button>
    );
  }
  return (
    <Tooltip label={description}>
      <ActionIcon variant="subtle" color="gray" size="md" onClick={copy} aria-label={description}>
        <Icon size={15} />
      </ActionIcon>
    </Tooltip>
  );
}

function useCopy(text: () => string): { state: CopyState; copy: () => void } {
  const [state, setState] = useState<CopyState>("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), RESULT_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setState("copied");
    } catch {
      setState("failed");
    }
  };
  return { state, copy: () => void copy() };
}
