import "react";

declare module "react" {
  interface CSSProperties {
    /** Styles take numbers from components through custom properties. */
    [name: `--${string}`]: string | number | undefined;
  }
}
