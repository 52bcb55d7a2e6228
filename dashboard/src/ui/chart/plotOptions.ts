import type uPlot from "uplot";
import { clockTime, clockTimeExact, type Line, type Series } from "@/domain/series";
import { compact } from "@/lib/numbers";

/** A chart that has just begun starts out this wide. */
const LEAST_SPAN_SECONDS = 60;
/** On shorter spans the minute alone would repeat itself. */
const EXACT_BELOW_SECONDS = 360;

/** What lies between two marks of the upright axis: whole numbers, up to more than ever waits in a topic. */
export const STEPS = Array.from({ length: 13 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
).flat();

type Colors = (name: string) => string;

/** The options of a chart in the colours that hold where `element` stands. */
export function plotOptions(
  element: HTMLElement,
  series: Series,
  onPoint: (at: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const color: Colors = (name) => style.getPropertyValue(name).trim();
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: true, range: (_, min, max) => [Math.min(min, max - LEAST_SPAN_SECONDS), max] },
      y: { range: (_, __, max) => [0, Math.max(4, max * 1.12)] },
    },
    axes: [xAxis(color, style.fontFamily), yAxis(color, style.fontFamily)],
    series: [{}, ...series.lines.flatMap((line) => [plotLine(line, color), plotTail(line, color)])],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
}

/** The values as uPlot wants them: the moments first, then for each line its body and its tail. */
export function plotData(series: Series): uPlot.AlignedData {
  const whole = series.at.length - (series.lastIsPartial ? 1 : 0);
  const parts = series.lines.flatMap(({ values }) => [
    values.map((value, index) => (index < whole ? value : null)),
    values.map((value, index) => (index >= whole - 1 && series.lastIsPartial ? value : null)),
  ]);
  return [[...series.at], ...parts];
}

function plotLine(line: Line, color: Colors): uPlot.Series {
  const stroke = color(line.color);
  return {
    label: line.label,
    stroke,
    width: 1.75,
    dash: scaled(line.dash),
    points: { show: false },
    ...(line.filled && { fill: `color-mix(in srgb, ${stroke} 14%, transparent)` }),
  };
}

/** uPlot takes dashes in the screen's own pixels. */
function scaled(dash: readonly number[]): number[] {
  return dash.map((length) => length * devicePixelRatio);
}

/** The way to a value that still grows. */
function plotTail(line: Line, color: Colors): uPlot.Series {
  const stroke = `color-mix(in srgb, ${color(line.color)} 45%, transparent)`;
  return {
    label: `${line.label}, so far`,
    stroke,
    width: 1.75,
    dash: scaled([1, 4]),
    points: { show: false },
  };
}

function xAxis(color: Colors, family: string): uPlot.Axis {
  return {
    ...axis(color, family),
    grid: { show: false },
    ticks: { show: false },
    size: 28,
    space: 72,
    values: (_, moments) => moments.map(spanOf(moments) < EXACT_BELOW_SECONDS ? clockTimeExact : clockTime),
  };
}

function yAxis(color: Colors, family: string): uPlot.Axis {
  return {
    ...axis(color, family),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    size: 44,
    space: 44,
    incrs: STEPS,
    values: (_, ticks) => ticks.map(compact),
  };
}

function axis(color: Colors, family: string): uPlot.Axis {
  return { stroke: color("--mantine-color-dimmed"), font: `12px ${family}` };
}

function spanOf(moments: readonly number[]): number {
  return (moments.at(-1) ?? 0) - (moments[0] ?? 0);
}
