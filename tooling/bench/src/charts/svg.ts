/** Everything that the charts look like; the colours follow whether the reader's system is light or dark. */
const style = `
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.quiet { fill: #59636e; font-size: 12px; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.shade { fill: #818b98; fill-opacity: 0.18; }
.ours { fill: #0969da; } .theirs { fill: #9aa4af; }
.line { fill: none; stroke-width: 2; }
.ours-line { stroke: #0969da; } .theirs-line { stroke: #bc4c00; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; } .quiet { fill: #9198a1; } .grid { stroke: #3d444d; }
  .ours { fill: #4493f8; } .theirs { fill: #656c76; }
  .ours-line { stroke: #4493f8; } .theirs-line { stroke: #f0883e; }
}`;

/** An SVG of its own, with a text for those who don't see it. */
export function svg(width: number, height: number, title: string, content: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escape(title)}</title>
<style>${style}
</style>
${content.join("\n")}
</svg>
`;
}

/** A text at a place; `anchor` is the end of it that is there. */
export function text(
  x: number,
  y: number,
  words: string,
  { anchor = "start", look = "" }: { readonly anchor?: "start" | "middle" | "end"; readonly look?: string } = {},
): string {
  const kind = look === "" ? "" : ` class="${look}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${kind}>${escape(words)}</text>`;
}

/** Coordinates need no more than a tenth of a pixel. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
