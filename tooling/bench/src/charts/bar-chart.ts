import { significant } from "../format.ts";
import { round, svg, text } from "./svg.ts";

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The least and the most that was measured, drawn as a line across the bar's end. */
  readonly range?: readonly [number, number] | undefined;
  readonly ours: boolean;
}

/** Bars beside one another, of one unit. */
export interface BarChart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const width = 760;
const labelWidth = 260;
const valueWidth = 130;
const rowHeight = 30;
const top = 44;

/** Draws horizontal bars from zero, each with its value. */
export function barChart({ title, unit, bars }: BarChart): string {
  const most = Math.max(...bars.flatMap(({ value, range = [value, value] }) => [value, range[1]]), Number.MIN_VALUE);
  const scale = (value: number) => (value / most) * (width - labelWidth - valueWidth);
  const rows = bars.flatMap(({ label, value, range, ours }, at) => {
    const y = top + at * rowHeight;
    const end = labelWidth + scale(range?.[1] ?? value);
    return [
      text(labelWidth - 10, y + 15, label, { anchor: "end", look: ours ? "title" : "" }),
      `<rect x="${labelWidth}" y="${y}" width="${round(Math.max(1, scale(value)))}" height="20" rx="2" class="${ours ? "ours" : "theirs"}"/>`,
      ...(range === undefined ? [] : [whisker(labelWidth + scale(range[0]), labelWidth + scale(range[1]), y + 10)]),
      text(Math.max(end, labelWidth + scale(value)) + 8, y + 15, `${significant(value)} ${unit}`),
    ];
  });
  return svg(width, top + bars.length * rowHeight + 6, title, [text(8, 22, title, { look: "title" }), ...rows]);
}

function whisker(from: number, to: number, y: number): string {
  const path = `M${round(from)} ${y - 4}v8M${round(from)} ${y}H${round(to)}M${round(to)} ${y - 4}v8`;
  return `<path d="${path}" class="grid"/>`;
}
