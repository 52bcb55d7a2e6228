import { formatRate } from "@/lib/numbers";

/** How fast a lag grows or shrinks: "+3.2 per second", "−12 per second", "steady". */
export function lagTrend(perSecond: number | null): string {
  if (perSecond === null) return "not known yet";
  if (Math.abs(perSecond) < 0.05) return "steady";
  return `${perSecond > 0 ? "+" : "−"}${formatRate(Math.abs(perSecond))} per second`;
}
