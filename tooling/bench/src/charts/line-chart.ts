import { number } from "../format.ts";
import { round, svg, text } from "./svg.ts";

/** Values over time, in seconds. */
export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [seconds: number, value: number])[];
  readonly ours: boolean;
}

/** Lines over the same time. */
export interface LineChart {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  /** A stretch of time that is marked, and why. */
  readonly marked?: { readonly fromSeconds: number; readonly toSeconds: number; readonly label: string } | undefined;
}

const width = 760;
const height = 300;
const plot = { left: 80, right: 740, top: 60, bottom: 260 };
const steps = 4;

/** Draws lines from zero over a common time. */
export function lineChart({ title, unit, lines, marked }: LineChart): string {
  const points = lines.flatMap((line) => line.points);
  const lastSeconds = Math.max(1, ...points.map(([seconds]) => seconds));
  const most = niceAbove(Math.max(...points.map(([, value]) => value), 0));
  const x = (seconds: number) => round(plot.left + (seconds / lastSeconds) * (plot.right - plot.left));
  const y = (value: number) => round(plot.bottom - (value / most) * (plot.bottom - plot.top));
  const levels = Array.from({ length: steps + 1 }, (_, at) => (most / steps) * at);
  const shade =
    marked === undefined
      ? []
      : [
          `<rect x="${x(marked.fromSeconds)}" y="${plot.top}" width="${round(x(marked.toSeconds) - x(marked.fromSeconds))}" height="${plot.bottom - plot.top}" class="shade"/>`,
          text(x((marked.fromSeconds + marked.toSeconds) / 2), plot.top + 14, marked.label, {
            anchor: "middle",
            look: "quiet",
          }),
        ];
  return svg(width, height, title, [
    text(8, 22, `${title}, ${unit}`, { look: "title" }),
    ...shade,
    ...levels.flatMap((level) => [
      `<path d="M${plot.left} ${y(level)}H${plot.right}" class="grid"/>`,
      text(plot.left - 8, y(level) + 4, number(level), { anchor: "end", look: "quiet" }),
    ]),
    text(plot.left, plot.bottom + 18, "0 s", { anchor: "middle", look: "quiet" }),
    text(plot.right, plot.bottom + 18, `${number(lastSeconds)} s`, { anchor: "end", look: "quiet" }),
    ...lines.flatMap((line, at) => [
      `<path d="${pathOf(line.points.map(([seconds, value]) => [x(seconds), y(value)]))}" class="line ${kindOf(line)}"/>`,
      `<path d="M${plot.left + at * 260} 42h20" class="line ${kindOf(line)}"/>`,
      text(plot.left + at * 260 + 26, 46, line.label),
    ]),
  ]);
}

/** The next of 1, 2 and 5 times a power of ten. */
export function niceAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((factor) => factor * power >= value) ?? 10);
}

function kindOf({ ours }: Line): string {
  return ours ? "ours-line" : "theirs-line";
}

function pathOf(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${x} ${y}`).join("");
}
