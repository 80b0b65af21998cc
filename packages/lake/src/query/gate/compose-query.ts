import { systemSchema } from "../views/view-sql.ts";
import { isNode, type SyntaxNode } from "./syntax.ts";

/** The statement as a table of another one. What a user wrote can't reach out of the parentheses: `isSameQuery` says so of its tree. */
export function asTable(sql: string): string {
  return `${tablePrefix}${sql}\n)`;
}

export const tablePrefix = "SELECT * FROM (\n";

/** The statement without what may follow it, and with the child's name for the schema `system`, which has as many letters. */
export function composeQuery(sql: string, systemRefs: readonly number[]): string {
  const bytes = Buffer.from(sql);
  for (const offset of systemRefs) {
    const start = bytes[offset] === doubleQuote ? offset + 1 : offset;
    if (bytes.toString("latin1", start, start + systemSchema.length).toLowerCase() === "system") {
      bytes.write(systemSchema, start, "latin1");
    }
  }
  let end = bytes.length;
  while (end > 0 && closers.has(bytes[end - 1] ?? 0)) end -= 1;
  return bytes.toString("utf8", 0, end);
}

const doubleQuote = 0x22;
/** Semicolon, space, tab, line feed, carriage return. */
const closers: ReadonlySet<number> = new Set([0x3b, 0x20, 0x09, 0x0a, 0x0d]);

/**
 * True when `composed` is the tree of `asTable` around exactly the query that was checked: the same tree, save for places and the name of
 * the system's schema.
 */
export function isSameQuery(checked: SyntaxNode, composed: SyntaxNode): boolean {
  const node = composed.node;
  if (!isNode(node) || node.type !== "SELECT_NODE") return false;
  const from = node.from_table;
  if (!isNode(from) || from.type !== "SUBQUERY" || !isNode(from.subquery)) return false;
  return shapeOf(node, from.subquery.node) === shapeOf(undefined, checked.node);
}

/** The text of a query, or of the query inside when all around it is what `asTable` writes. */
function shapeOf(outer: SyntaxNode | undefined, inner: unknown): string {
  const text = JSON.stringify(inner, (key, value: unknown) => {
    if (key === "query_location") return undefined;
    if (key !== "schema_name") return value;
    return value === systemSchema ? "system" : String(value).toLowerCase();
  });
  if (outer === undefined) return text;
  const frame = JSON.stringify(outer, (key, value: unknown) => {
    if (key === "query_location") return undefined;
    return value === inner ? "inner" : value;
  });
  return frame === emptyFrame ? text : "";
}

const emptyFrame = JSON.stringify({
  type: "SELECT_NODE",
  select_list: [{ class: "STAR", type: "STAR", columns: false }],
  from_table: { type: "SUBQUERY", subquery: { node: "inner" } },
  aggregate_handling: "STANDARD_HANDLING",
});
