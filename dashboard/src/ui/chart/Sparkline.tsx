/** A line without axes, for the shape of the last values only; the number beside it says how much. */
type SparklineProps = { values: readonly number[]; label: string; width?: number; height?: number };

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
        points={points(values, width, height)}
        fill="none"
        stroke="var(--series-stored)"
        strokeWidth="1.5"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}

/** The coordinates of a line through `values`, from nought at the bottom to the largest at the top. */
export function points(values: readonly number[], width: number, height: number): string {
  const top = Math.max(1, ...values);
  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0;
  const y = (value: number) => height - 2 - (value / top) * (height - 4);
  return values.map((value, index) => `${(1 + index * step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
}
