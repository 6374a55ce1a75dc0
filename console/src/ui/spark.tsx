/** Numbers over time, small: as bars, with the whole of it in words for those who do not see it. */

import "./spark.css";

const WIDTH = 3;
const HEIGHT = 24;

export function Spark({
  values,
  label,
  tone = "accent",
}: {
  values: number[];
  label: string;
  tone?: "accent" | "failed";
}) {
  const most = Math.max(...values, 1);
  return (
    <svg
      className={`spark spark-${tone}`}
      role="img"
      aria-label={label}
      width={values.length * WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${values.length * WIDTH} ${HEIGHT}`}
    >
      <title>{label}</title>
      <line x1={0} x2={values.length * WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      {values.map((value, index) => {
        const height = value && Math.max(2, (value / most) * (HEIGHT - 2));
        // biome-ignore lint/suspicious/noArrayIndexKey: a bar is the place in time that it stands for
        return <rect key={index} x={index * WIDTH} y={HEIGHT - height} width={WIDTH - 0.75} height={height} />;
      })}
    </svg>
  );
}
