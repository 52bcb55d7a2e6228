import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The accent colour. Shade 7 on white and shade 3 on the dark surface both have a contrast above 4.5. */
const ink: MantineColorsTuple = [
  "#eef3ff",
  "#dbe5ff",
  "#b9ccff",
  "#93b0ff",
  "#6d92f7",
  "#4c76ea",
  "#3a64dc",
  "#2c53c4",
  "#24449f",
  "#1d377f",
];

/** Bluish greys: 7 is the page, 6 a surface, 4 a border, 2 dimmed text, 0 text. */
const dark: MantineColorsTuple = [
  "#e7eaf0",
  "#c3c9d4",
  "#9ba4b4",
  "#5c6575",
  "#2b313c",
  "#22272f",
  "#181c23",
  "#0f1217",
  "#0b0d11",
  "#07080b",
];

export const theme = createTheme({
  colors: { ink, dark },
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.9375rem", lg: "1.0625rem", xl: "1.25rem" },
  headings: { fontWeight: "600" },
  respectReducedMotion: true,
});

/** Semantic colours for both schemes; stylesheets use these, never a shade. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f6f7f9",
    "--mantine-color-text": "#1b1f27",
    "--mantine-color-dimmed": "#566072",
    "--mantine-color-placeholder": "#6b7485",
    "--surface": "#ffffff",
    "--surface-sunken": "#f1f3f6",
    "--line": "#e3e6eb",
    "--line-strong": "#c9ced8",
    "--accent": "#2c53c4",
    "--accent-soft": "#eaf0ff",
    "--good": "#17703f",
    "--good-soft": "#e4f5ea",
    "--warning": "#8a5300",
    "--warning-soft": "#fdf1dc",
    "--bad": "#b3261e",
    "--bad-soft": "#fdeae8",
    "--series-stored": "#3a64dc",
    "--series-duplicates": "#a06a00",
    "--series-dead": "#c62f26",
    "--json-string": "#17703f",
    "--json-number": "#24449f",
    "--json-literal": "#8a3d9c",
  },
  dark: {
    "--mantine-color-body": "#0f1217",
    "--mantine-color-text": "#e7eaf0",
    "--mantine-color-dimmed": "#9ba4b4",
    "--mantine-color-placeholder": "#8d96a6",
    "--surface": "#171b22",
    "--surface-sunken": "#11141a",
    "--line": "#282e39",
    "--line-strong": "#3d4553",
    "--accent": "#93b0ff",
    "--accent-soft": "#1b2640",
    "--good": "#63cf92",
    "--good-soft": "#12291d",
    "--warning": "#eab25a",
    "--warning-soft": "#2d2312",
    "--bad": "#ff9189",
    "--bad-soft": "#351a19",
    "--series-stored": "#7d9fff",
    "--series-duplicates": "#dba84f",
    "--series-dead": "#ff7d74",
    "--json-string": "#7fd3a2",
    "--json-number": "#93b0ff",
    "--json-literal": "#d59be6",
  },
});
