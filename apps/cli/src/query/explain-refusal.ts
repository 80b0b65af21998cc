import type { MillraceApiError } from "@millrace/client";

/** Characters as a terminal shows them. */
const segmenter = new Intl.Segmenter("en");

/** What the API says against a query: code and sentence, and where the SQL has a fault, its line with a mark below. */
export function explainRefusal(sql: string, error: MillraceApiError): string {
  const { code, message, errors, traceId } = error;
  const fields = errors.map((field) => `  ${field.path}: ${field.message}`);
  // An answer with this code tells nothing more; whoever runs the API finds it in the log.
  const trace = code === "INTERNAL" && traceId !== undefined ? [`  Trace ${traceId}`] : [];
  return [`${code}: ${message}`, ...fields, ...markedLine(sql, error.problem?.["position"]), ...trace].join("\n");
}

function markedLine(sql: string, position: unknown): readonly string[] {
  if (!isPosition(position)) return [];
  const line = sql.split(/\r?\n/)[position.line - 1];
  if (line === undefined) return [];
  const label = `  ${position.line} | `;
  const before = Array.from(segmenter.segment(line.slice(0, position.column - 1)), ({ segment }) =>
    blankFor(segment),
  ).join("");
  return [label + line, `${" ".repeat(label.length)}${before}^`];
}

/** As wide as the character is on a terminal. */
function blankFor(character: string): string {
  if (character === "\t") return "\t";
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u.test(
    character,
  )
    ? "  "
    : " ";
}

function isPosition(value: unknown): value is { readonly line: number; readonly column: number } {
  return (
    typeof value === "object" &&
    value !== null &&
    "line" in value &&
    typeof value.line === "number" &&
    "column" in value &&
    typeof value.column === "number"
  );
}
