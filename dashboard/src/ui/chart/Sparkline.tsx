type SparklineProps = { values: readonly number[]; label: string; width?: number; height?: number };

/** A line without axes that shows the shape of recent values; the figure itself stands beside it. */
export function Sparkline({ values, label, width = 96, height = 24 }: SparklineProps) {
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
      style={{ display: "block" }}
    >
      <polyline
        points={polylinePoints(values, width, height)}
        fill="none"
        stroke="var(--series-stored)"
        strokeWidth="1.5"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}

/** SVG polyline coordinates: zero is at the bottom, the largest value at the top. */
export function polylinePoints(values: readonly number[], width: number, height: number): string {
  const top = Math.max(1, ...values);
  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0;
  const y = (value: number) => height - 2 - (value / top) * (height - 4);
  return values.map((value, index) => `${(1 + index * step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
}
