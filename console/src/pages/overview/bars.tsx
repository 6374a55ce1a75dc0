/** How runs ended over time, as stacked bars. It loads with the chart alone: uPlot is half of the page. */

import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useAppearance } from "../../appearance";
import { format } from "../../ui/zone";
import { type Bar, columns, OUTCOMES, type Outcome, outcomeAt } from "./stack";
import { Tip } from "./tip";

const HEIGHT = 220;
const GAP = 0.82;
const WIDEST = 48;
/** So that one run does not fill the whole height. */
const LEAST_TOP = 4;

interface Hover {
  bar: number;
  left: number;
  turned: boolean;
}

export default function Bars({
  bars,
  label,
  onPick,
}: {
  bars: Bar[];
  label: string;
  onPick: (bar: Bar, outcome: Outcome | null) => void;
}) {
  const { dark, language, zone } = useAppearance();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const latest = useRef({ bars, onPick });
  latest.current = { bars, onPick };
  const [hover, setHover] = useState<Hover | null>(null);

  useEffect(() => {
    const place = box.current;
    if (place === null) return;
    const plot = new uPlot(
      options(place.clientWidth, language, zone, latest, setHover),
      columns(latest.current.bars) as uPlot.AlignedData,
      place,
    );
    chart.current = plot;
    const resized = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT }));
    resized.observe(place);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [language, zone]);

  useEffect(() => chart.current?.setData(columns(bars) as uPlot.AlignedData), [bars]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read as it is drawn
  useEffect(() => {
    const drawn = requestAnimationFrame(() => chart.current?.redraw(true, true));
    return () => cancelAnimationFrame(drawn);
  }, [dark]);

  const pointed = hover === null ? undefined : bars[hover.bar];
  return (
    <div className="bars">
      <div ref={box} role="img" aria-label={label} />
      {hover && pointed && <Tip bar={pointed} left={hover.left} turned={hover.turned} />}
    </div>
  );
}

function options(
  width: number,
  language: string,
  zone: string,
  latest: { current: { bars: Bar[]; onPick: (bar: Bar, outcome: Outcome | null) => void } },
  onHover: (hover: Hover | null) => void,
): uPlot.Options {
  const axis = { stroke: () => colour("--faint"), font: "12px system-ui, sans-serif" };
  return {
    width,
    height: HEIGHT,
    padding: [8, 20, 0, 0], // half of the last hour's name stands beyond its bar
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: {
        range: () => {
          const { bars } = latest.current;
          return [(bars[0]?.start ?? 0) / 1_000, (bars.at(-1)?.end ?? 1) / 1_000];
        },
      },
      y: { range: (_, __, most) => [0, Math.max(most * 1.05, LEAST_TOP)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        ticks: { show: false },
        size: 24,
        space: 72,
        values: (_, moments) => moments.map((seconds) => tick(seconds * 1_000, latest.current.bars, language, zone)),
      },
      {
        ...axis,
        size: 44,
        grid: { stroke: () => colour("--line"), width: 1 },
        ticks: { show: false },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6],
        values: (_, heights) => heights.map((height) => format1000(height, language)),
      },
    ],
    series: [
      {},
      ...OUTCOMES.toReversed().map((outcome) => ({
        fill: () => colour(`--${SHADES[outcome]}`),
        width: 0,
        points: { show: false },
        paths: uPlot.paths.bars?.({ size: [GAP, WIDEST] }) ?? (() => null),
      })),
    ],
    hooks: {
      setCursor: [
        ({ cursor: { idx, left }, over }) => {
          const known = idx != null && left !== undefined && left >= 0;
          const turned = known && left > over.clientWidth / 2;
          onHover(known ? { bar: idx, left: over.offsetLeft + left, turned } : null);
        },
      ],
      ready: [
        (plot) =>
          plot.over.addEventListener("click", () => {
            const { idx, top } = plot.cursor;
            const bar = idx == null ? undefined : latest.current.bars[idx];
            if (bar) latest.current.onPick(bar, outcomeAt(bar, plot.posToVal(top ?? 0, "y")));
          }),
      ],
    },
  };
}

const SHADES: Record<Outcome, string> = {
  completed: "completed",
  failed: "failed",
  cancelled: "queued",
  skipped: "rest",
};

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

/** The clock within a day or so, else the day. */
function tick(at: number, bars: Bar[], language: string, zone: string): string {
  const length = (bars.at(-1)?.end ?? at) - (bars[0]?.start ?? at);
  const parts: Intl.DateTimeFormatOptions =
    length > 2 * 86_400_000
      ? { month: "short", day: "numeric" }
      : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return format(language, { ...parts, timeZone: zone }).format(at);
}

function format1000(count: number, language: string): string {
  return Number.isInteger(count) ? count.toLocaleString(language, { notation: "compact" }) : "";
}
