import Table from "cli-table3";

import type { QueryResponse } from "@millrace/contract";

/** A result as the API sends it in JSON. */
export type TableResult = Pick<QueryResponse, "columns" | "rows" | "snapshotId" | "truncated">;

const cellCharactersMax = 200;
/** Characters as people count them: a flag is one. */
const segmenter = new Intl.Segmenter("en");

/** Reads a result in which numbers keep the digits they were sent with. */
export function readResult(text: string): TableResult {
  // First without a reviver, of which V8's heap takes harm where the text is malformed.
  JSON.parse(text);
  return JSON.parse(text, keepDigits) as TableResult;
}

/** A table for a person, with numbers to the right, and below it how many rows there are of which snapshot. */
export function renderTable({ columns, rows, snapshotId, truncated }: TableResult): string {
  const table = new Table({
    head: columns.map(({ name }) => visible(name)),
    colAligns: columns.map(({ type }) => (isNumber(type) ? "right" : "left")),
    // Without colours, and without a rule between rows.
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => row.map(cellText)));
  const count = `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"}`;
  const more = truncated ? "; there are more, see --row-limit" : "";
  return `${table.toString()}\n${count} of snapshot ${snapshotId}${more}\n`;
}

function isNumber(type: string): boolean {
  return /^(u?int\d+|u?hugeint|float\d*|double|decimal|bignum)(\(\d+,\d+\))?$/.test(type);
}

function cellText(value: unknown): string {
  if (value === null) return "NULL";
  const text = visible(typeof value === "string" ? value : JSON.stringify(value));
  if (text.length <= cellCharactersMax) return text;
  const characters = Array.from(segmenter.segment(text), ({ segment }) => segment);
  return `${characters.slice(0, cellCharactersMax - 1).join("")}…`;
}

/** Without what a terminal would obey: data must neither break the table nor reach the terminal's controls. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, (control) => {
    const json = JSON.stringify(control).slice(1, -1);
    return json === control ? `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}` : json;
  });
}

/** Of a JSON text's value, as a reviver; TypeScript's library knows neither the source nor raw JSON yet. */
function keepDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  const source = context?.source;
  return typeof value === "number" && source !== undefined && source !== String(value) ? rawJSON(source) : value;
}
