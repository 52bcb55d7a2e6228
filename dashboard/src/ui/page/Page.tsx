import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import type { Freshness } from "@/domain/freshness";
import classes from "./Page.module.css";
import { RefreshControl } from "./RefreshControl";
import { StaleDataBanner } from "./StaleDataBanner";

type PageProps = {
  title: string;
  subtitle: string;
  /** Every query whose data the page shows. */
  queries: readonly Freshness[];
  children: ReactNode;
};

/** The frame of a page: title, refresh control, a banner when data is stale, and the content. */
export function Page({ title, subtitle, queries, children }: PageProps) {
  useDocumentTitle(`${title} · Event platform`);
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <div>
          <h1 className={classes.title}>{title}</h1>
          <p className={classes.subtitle}>{subtitle}</p>
        </div>
        <RefreshControl queries={queries} />
      </header>
      <div className={classes.body}>
        <StaleDataBanner queries={queries} />
        {children}
      </div>
    </div>
  );
}
