import { useNow } from "@/lib/hooks/useNow";
import { elapsedTime, exactTime, relativeTime } from "@/lib/time";

type RelativeTimeProps = {
  at: string;
  /** "ago" reads "3 s ago", "duration" reads "for 3 s". */
  form?: "ago" | "duration";
};

/** How long ago a timestamp is, with the exact time on hover. */
export function RelativeTime({ at, form = "ago" }: RelativeTimeProps) {
  const now = useNow();
  const format = form === "ago" ? relativeTime : elapsedTime;
  return (
    <time dateTime={at} title={exactTime(at)}>
      {format(Date.parse(at), now)}
    </time>
  );
}
