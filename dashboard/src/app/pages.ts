import { IconActivity, IconArrowsShuffle2, IconMailX, IconSearch } from "@tabler/icons-react";

/** The pages in the order of the navigation; `key` is what follows `g` on the keyboard. */
export const PAGES = [
  { to: "/", label: "Overview", key: "o", Icon: IconActivity },
  { to: "/pipeline", label: "Pipeline", key: "p", Icon: IconArrowsShuffle2 },
  { to: "/dlq", label: "Dead letters", key: "d", Icon: IconMailX },
  { to: "/search", label: "Search", key: "s", Icon: IconSearch },
] as const;
