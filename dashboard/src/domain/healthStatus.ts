/** How a status is coloured: `good`, `warning`, `bad`, or `neutral` where it says nothing either way. */
export type Tone = "good" | "warning" | "bad" | "neutral";

type StatusAppearance = { tone: Tone; label: string };

const APPEARANCES: Readonly<Record<string, StatusAppearance>> = {
  ok: { tone: "good", label: "OK" },
  degraded: { tone: "warning", label: "Degraded" },
  down: { tone: "bad", label: "Down" },
  unknown: { tone: "neutral", label: "Unknown" },
};

/** Tone and label of a dependency status; a status that this version does not know is shown as the API sent it. */
export function statusAppearance(status: string): StatusAppearance {
  return APPEARANCES[status] ?? { tone: "neutral", label: status };
}
