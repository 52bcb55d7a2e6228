import type uPlot from "uplot";
import type { Line, Series } from "@/domain/series";
import { formatCompact } from "@/lib/numbers";
import { clockTime, clockTimeWithSeconds } from "@/lib/time";

/** The time axis covers at least this long, even with few points. */
const MIN_SPAN_SECONDS = 60;
/** On shorter spans, labels of whole minutes would repeat. */
const LABEL_SECONDS_BELOW = 360;

/** Allowed distances between ticks of the y axis: whole numbers, up to far more than a topic ever holds. */
export const TICK_STEPS = Array.from({ length: 13 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
).flat();

type ColorOf = (variable: string) => string;

/** uPlot's options, with the colours and the font that apply to `element`. */
export function plotOptions(
  element: HTMLElement,
  series: Series,
  onCursor: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const color: ColorOf = (name) => style.getPropertyValue(name).trim();
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: true, range: (_, min, max) => [Math.min(min, max - MIN_SPAN_SECONDS), max] },
      y: { range: (_, __, max) => [0, Math.max(4, max * 1.12)] },
    },
    axes: [xAxis(color, style.fontFamily), yAxis(color, style.fontFamily)],
    series: [{}, ...series.lines.flatMap((line) => [lineOptions(line, color), partialOptions(line, color)])],
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

/** The values in uPlot's layout: the times, then two series per line: complete buckets, and the partial one. */
export function plotData(series: Series): uPlot.AlignedData {
  const completeCount = series.times.length - (series.lastIsPartial ? 1 : 0);
  const values = series.lines.flatMap((line) => [
    line.values.map((value, index) => (index < completeCount ? value : null)),
    line.values.map((value, index) => (index >= completeCount - 1 && series.lastIsPartial ? value : null)),
  ]);
  return [[...series.times], ...values];
}

function lineOptions(line: Line, color: ColorOf): uPlot.Series {
  const stroke = color(line.color);
  return {
    label: line.label,
    stroke,
    width: 1.75,
    dash: deviceDash(line.dash),
    points: { show: false },
    ...(line.filled && { fill: `color-mix(in srgb, ${stroke} 14%, transparent)` }),
  };
}

/** uPlot measures dashes in device pixels. */
function deviceDash(dash: readonly number[]): number[] {
  return dash.map((length) => length * devicePixelRatio);
}

/** The segment to a bucket that is still filling. */
function partialOptions(line: Line, color: ColorOf): uPlot.Series {
  const stroke = `color-mix(in srgb, ${color(line.color)} 45%, transparent)`;
  return {
    label: `${line.label}, so far`,
    stroke,
    width: 1.75,
    dash: deviceDash([1, 4]),
    points: { show: false },
  };
}

function xAxis(color: ColorOf, family: string): uPlot.Axis {
  return {
    ...axis(color, family),
    grid: { show: false },
    ticks: { show: false },
    size: 28,
    space: 72,
    values: (_, times) => times.map(spanOf(times) < LABEL_SECONDS_BELOW ? clockTimeWithSeconds : clockTime),
  };
}

function yAxis(color: ColorOf, family: string): uPlot.Axis {
  return {
    ...axis(color, family),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    size: 44,
    space: 44,
    incrs: TICK_STEPS,
    values: (_, ticks) => ticks.map(formatCompact),
  };
}

function axis(color: ColorOf, family: string): uPlot.Axis {
  return { stroke: color("--mantine-color-dimmed"), font: `12px ${family}` };
}

function spanOf(times: readonly number[]): number {
  return (times.at(-1) ?? 0) - (times[0] ?? 0);
}
