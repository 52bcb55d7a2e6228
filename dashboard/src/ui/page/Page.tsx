import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import type { Freshness } from "@/domain/freshness";
import classes from "./Page.module.css";
import { LiveControl } from "./RefreshControl";
import { StaleNotice } from "./StaleDataBanner";

type PageProps = { title: string; subtitle: string; queries: readonly Freshness[]; children: ReactNode };

/** Title, the state of its data, and what is on it. `queries` are all that the page shows. */
export function Page({ title, subtitle, queries, children }: PageProps) {
  useDocumentTitle(`${title} · Event platform`);
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <div>
          <h1 className={classes.title}>{title}</h1>
          <p className={classes.subtitle}>{subtitle}</p>
        </div>
        <LiveControl queries={queries} />
      </header>
      <div className={classes.body}>
        <StaleNotice queries={queries} />
        {children}
      </div>
    </div>
  );
}
