import { statusAppearance } from "@/domain/healthStatus";
import { StatusBadge } from "./StatusBadge";

/** A dependency status as the API names it: `ok`, `degraded`, `down` or `unknown`. */
export function HealthBadge({ status }: { status: string }) {
  const { tone, label } = statusAppearance(status);
  return <StatusBadge tone={tone}>{label}</StatusBadge>;
}
