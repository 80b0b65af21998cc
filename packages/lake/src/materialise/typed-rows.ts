import type { DuckDBConnection } from "@duckdb/node-api";

import type { LoggedEvent } from "@millrace/bus";
import type { Column } from "@millrace/contract";

import { duckdbType, jsonStructure, quoteName, quoteText, withSystemColumns } from "../duckdb-types.ts";
import { columnValue } from "./convert-type.ts";
import { isDataError } from "./duckdb-session.ts";
import { payloadChecks } from "./payload-checks.ts";

/** Why an event can't be a row of its table. */
export interface Poison {
  readonly offset: number;
  /** Upper snake case, stable. */
  readonly code:
    | "MALFORMED_PAYLOAD"
    | "VALUE_NOT_STORABLE"
    | "VALUE_MISSING"
    | "UNKNOWN_VERSION"
    | "UNKNOWN_TABLE"
    | "TABLE_DROPPED"
    | "NOT_WRITABLE";
  /** Dotted path of the value, or empty. */
  readonly path: string;
  readonly message: string;
}

/** What rows are made of: the columns as they are now, those of each version that an event was accepted under, and the key's field ids. */
export interface RowShape {
  readonly columns: readonly Column[];
  readonly primaryKey: readonly number[];
  readonly versions: ReadonlyMap<number, readonly Column[]>;
}

/**
 * Makes the temporary table `typed` of the connection from its table `events`: a row for each event with all columns of the table.
 * Events that can't be one are left out and told.
 */
export async function makeTypedRows(
  connection: DuckDBConnection,
  events: readonly LoggedEvent[],
  shape: RowShape,
): Promise<readonly Poison[]> {
  const columns = withSystemColumns(shape.columns).map(({ name, type }) => `${quoteName(name)} ${duckdbType(type)}`);
  await connection.run(`create or replace temp table typed (${columns.join(", ")}, lost integer)`);
  const poison = events.filter(({ version }) => !shape.versions.has(version)).map(unknownVersion);
  for (const [version, accepted] of shape.versions) {
    const offsets = events.filter((event) => event.version === version).map(({ offset }) => offset);
    poison.push(...(await addVersion(connection, offsets, version, accepted, shape)));
  }
  poison.push(...(await missingValues(connection, shape)));
  if (poison.length > 0) await connection.run(`delete from typed where lost is not null or ${lacksAny(shape)}`);
  return poison;
}

function unknownVersion({ offset, version }: LoggedEvent): Poison {
  return { offset, code: "UNKNOWN_VERSION", path: "", message: `The table has no version ${version}.` };
}

/** Types the events of one version. Where DuckDB gives up on all of them because of one, halves are tried until that one is alone. */
async function addVersion(
  connection: DuckDBConnection,
  offsets: readonly number[],
  version: number,
  accepted: readonly Column[],
  shape: RowShape,
): Promise<readonly Poison[]> {
  const checks = payloadChecks(accepted);
  const values = shape.columns.map((column) => columnValue(column, accepted));
  const failing = checks.map(({ fails }, index) => `when ${fails} then ${index}`);
  const insert = (from: number, to: number): string => `
insert into typed
select ${values.join(", ")}, _offset, _ingested_at, _event_time, _key, _op,
  case when payload[1] <> '{' then -1 ${failing.join(" ")} end
from (
  select *, from_json(payload, ${quoteText(jsonStructure({ struct: accepted }))}) as r from events
  where version = ${version} and _offset between ${from} and ${to}
)`;

  async function addRange(range: readonly number[]): Promise<readonly Poison[]> {
    const [from, to] = [range[0], range.at(-1)];
    if (from === undefined || to === undefined) return [];
    try {
      await connection.run(insert(from, to));
      return [];
    } catch (error) {
      if (!isDataError(error)) throw error;
      if (range.length === 1)
        return [{ offset: from, code: "MALFORMED_PAYLOAD", path: "", message: sentenceOf(error) }];
      const middle = Math.ceil(range.length / 2);
      return [...(await addRange(range.slice(0, middle))), ...(await addRange(range.slice(middle)))];
    }
  }

  const malformed = await addRange(offsets);
  const lost = await connection.runAndReadAll(
    `select t._offset, t.lost from typed t join events e using (_offset) where t.lost is not null and e.version = ${version} order by 1`,
  );
  return [
    ...malformed,
    ...lost.getRowsJS().map(([offset, index]): Poison => {
      const check = checks[Number(index)];
      if (check === undefined) {
        return { offset: Number(offset), code: "MALFORMED_PAYLOAD", path: "", message: "The payload is no object." };
      }
      const message = `The value can't be stored as ${duckdbType(check.type)}.`;
      return { offset: Number(offset), code: "VALUE_NOT_STORABLE", path: check.path, message };
    }),
  ];
}

/** Rows without a value that a row can't be without: parts of the key always, other columns unless the row deletes. */
async function missingValues(connection: DuckDBConnection, shape: RowShape): Promise<readonly Poison[]> {
  const required = requiredOf(shape);
  if (required.length === 0) return [];
  const missing = await connection.runAndReadAll(
    `select _offset, case ${required.map(({ lacks }, index) => `when ${lacks} then ${index}`).join(" ")} end from typed
     where lost is null and ${lacksAny(shape)} order by 1`,
  );
  return missing.getRowsJS().map(([offset, index]) => ({
    offset: Number(offset),
    code: "VALUE_MISSING",
    path: required[Number(index)]?.column.name ?? "",
    message: "The column takes no null.",
  }));
}

function requiredOf({ columns, primaryKey }: RowShape): readonly { readonly column: Column; readonly lacks: string }[] {
  return columns
    .filter((column) => !column.nullable || primaryKey.includes(column.fieldId))
    .map((column) => {
      const isNull = `${quoteName(column.name)} is null`;
      return { column, lacks: primaryKey.includes(column.fieldId) ? isNull : `(${isNull} and _op <> 'delete')` };
    });
}

function lacksAny(shape: RowShape): string {
  return `(${["false", ...requiredOf(shape).map(({ lacks }) => lacks)].join(" or ")})`;
}

/** DuckDB's own words without the text that they are about: a payload is kept beside them, and may be long. */
function sentenceOf(error: Error): string {
  const [first = ""] = error.message.split(/\s+Input: |\n/);
  return first.slice(0, 500);
}
