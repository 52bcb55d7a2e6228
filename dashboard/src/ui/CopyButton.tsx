import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy, IconCopyX } from "@tabler/icons-react";
import { useEffect, useState } from "react";

type CopyButtonProps = { text: () => string; what: string; label?: string };
type Outcome = "idle" | "copied" | "failed";

const SHAPES = { idle: IconCopy, copied: IconCheck, failed: IconCopyX };

/** Copies a text and says whether that worked: browsers refuse it on pages that are neither https nor localhost. */
export function CopyButton({ text, what, label }: CopyButtonProps) {
  const { outcome, copy } = useCopy(text);
  const said = { idle: `Copy ${what}`, copied: "Copied", failed: "The browser refused to copy" }[outcome];
  const Shape = SHAPES[outcome];
  if (label) {
    return (
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<Shape size={14} />}
        onClick={copy}
        aria-live="polite"
      >
        {outcome === "idle" ? label : said}
      </Button>
    );
  }
  return (
    <Tooltip label={said}>
      <ActionIcon variant="subtle" color="gray" size="md" onClick={copy} aria-label={said}>
        <Shape size={15} />
      </ActionIcon>
    </Tooltip>
  );
}

function useCopy(text: () => string): { outcome: Outcome; copy: () => void } {
  const [outcome, setOutcome] = useState<Outcome>("idle");
  useEffect(() => {
    if (outcome === "idle") return;
    const timer = setTimeout(() => setOutcome("idle"), 1_800);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setOutcome("copied");
    } catch {
      setOutcome("failed");
    }
  };
  return { outcome, copy: () => void copy() };
}
