import { useNow } from "@/lib/hooks/useNow";
import { elapsed, exactTime, relativeTime } from "@/lib/time";

type RelativeTimeProps = {
  at: string;
  /** "ago" reads "3 s ago", "length" reads "for 3 s". */
  form?: "ago" | "length";
};

/** How long ago something was, with the exact moment on hover. */
export function RelativeTime({ at, form = "ago" }: RelativeTimeProps) {
  const now = useNow();
  const words = form === "ago" ? relativeTime : elapsed;
  return (
    <time dateTime={at} title={exactTime(at)}>
      {words(Date.parse(at), now)}
    </time>
  );
}
