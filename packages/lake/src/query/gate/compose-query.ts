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
  return isFrame(node, from.subquery.node) && isSame(from.subquery.node, checked.node);
}

/** No tree is deeper than the walk that checked it allows. */
function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((item, at) => isSame(item, right[at]));
  }
  if (!isNode(left) || !isNode(right)) return false;
  const names = namesOf(left);
  if (names.length !== namesOf(right).length) return false;
  return names.every((name) => {
    if (!Object.hasOwn(right, name)) return false;
    return name === "schema_name" ? schemaOf(left) === schemaOf(right) : isSame(left[name], right[name]);
  });
}

function namesOf(node: SyntaxNode): readonly string[] {
  return Object.keys(node).filter((name) => name !== "query_location");
}

function schemaOf({ schema_name: name }: SyntaxNode): string {
  return name === systemSchema ? "system" : String(name).toLowerCase();
}

/** True when all around the inner query is what `asTable` writes. */
function isFrame(outer: SyntaxNode, inner: unknown): boolean {
  const frame = JSON.stringify(outer, (key, value: unknown) => {
    if (key === "query_location") return undefined;
    return value === inner ? "inner" : value;
  });
  return frame === emptyFrame;
}

const emptyFrame = JSON.stringify({
  type: "SELECT_NODE",
  select_list: [{ class: "STAR", type: "STAR", columns: false }],
  from_table: { type: "SUBQUERY", subquery: { node: "inner" } },
  aggregate_handling: "STANDARD_HANDLING",
});
