import { Status, type Tone } from "./StatusBadge";

const TONES: Readonly<Record<string, Tone>> = { ok: "good", degraded: "warning", down: "bad" };
const WORDS: Readonly<Record<string, string>> = { ok: "Healthy", degraded: "Degraded", down: "Down" };

/** How something is that the platform depends on, as the API names it. */
export function HealthStatus({ status }: { status: string }) {
  return <Status tone={TONES[status] ?? "neutral"}>{WORDS[status] ?? status}</Status>;
}
