import { MillraceError } from "@millrace/contract";

/** A statement that can't be run as it is. `offset` counts bytes. */
export function invalid(sql: string, message: string, offset?: number): MillraceError {
  return new MillraceError("QUERY_INVALID", ...located(sql, message, offset));
}

/** A statement that asks for something that queries may not have. */
export function forbidden(sql: string, message: string, offset: number | undefined): MillraceError {
  return new MillraceError("QUERY_FORBIDDEN", ...located(sql, message, offset));
}

function located(
  sql: string,
  message: string,
  offset: number | undefined,
): [string, { extensions?: { position: Position } }] {
  const position = positionOf(sql, offset);
  if (position === undefined) return [asSentence(message), {}];
  return [`Line ${position.line}, column ${position.column}: ${asSentence(message)}`, { extensions: { position } }];
}

/** DuckDB's messages begin and end as they like. */
function asSentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Where in a statement something stands: lines and columns from 1, `offset` in UTF-16 units from 0. */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** The place of a byte of the statement; undefined where there is no such byte, as with places that DuckDB doesn't know. */
function positionOf(sql: string, byteOffset: number | undefined): Position | undefined {
  if (byteOffset === undefined || !(byteOffset >= 0)) return undefined;
  const bytes = Buffer.from(sql);
  if (byteOffset > bytes.length) return undefined;
  const before = bytes.subarray(0, byteOffset).toString();
  const lines = before.split("\n");
  return { offset: before.length, line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}
