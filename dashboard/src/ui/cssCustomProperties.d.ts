import "react";

declare module "react" {
  interface CSSProperties {
    /** Components pass numbers to their stylesheets as CSS custom properties. */
    [name: `--${string}`]: string | number | undefined;
  }
}
