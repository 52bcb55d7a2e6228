import { IconActivity, IconArrowsShuffle2, IconMailX, IconSearch } from "@tabler/icons-react";

/** The pages in navigation order; `key` follows `g` in the keyboard shortcut. */
export const PAGES = [
  { to: "/", label: "Overview", key: "o", Icon: IconActivity },
  { to: "/pipeline", label: "Pipeline", key: "p", Icon: IconArrowsShuffle2 },
  { to: "/dlq", label: "Dead letters", key: "d", Icon: IconMailX },
  { to: "/search", label: "Search", key: "s", Icon: IconSearch },
] as const;
