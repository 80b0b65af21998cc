import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResultReader } from "@duckdb/node-api";

import { asTable, tablePrefix } from "../gate/compose-query.ts";
import type { RunAnswer, RunRequest } from "../protocol.ts";
import { type BoundParams, bindParams } from "./bind-params.ts";
import { encodeQuery, moreRowsSequence } from "./encode-query.ts";
import { StatementError } from "./failure-of.ts";
import { type Instance, lockInstance } from "./open-instance.ts";
import { typeName } from "./type-name.ts";

/** Makes the tables, locks the instance, and writes the rows of a query to its file. Throws DuckDB's errors as they are. */
export async function runQuery(instance: Instance, request: RunRequest, isStopped: () => boolean): Promise<RunAnswer> {
  const { connection } = instance;
  const cpu = process.cpuUsage();
  if (request.views !== "") await connection.run(request.views);
  await lockInstance(instance, [...request.files, request.outPath]);
  const params = bindParams(request.params);

  const columns = await runOne(connection, `${asTable(request.sql)} LIMIT 0`, Buffer.byteLength(tablePrefix), params);
  if (isStopped()) throw new StatementError("Interrupt", "");
  const names = columns.columnNames();
  const types = columns.columnTypes();

  const encoded = encodeQuery(request, names, types);
  const written = await runOne(connection, encoded.text, encoded.offset, params);
  const rowCount = Number(written.getRows()[0]?.[0]);
  const { user, system } = process.cpuUsage(cpu);
  return {
    columns: types.map((type, index) => ({ name: names[index] ?? "", type: typeName(type) })),
    rowCount,
    truncated: rowCount === request.rowLimit && (await wereMore(connection)),
    cpuMs: (user + system) / 1_000,
  };
}

/** Runs one statement that has a user's SQL in it: more than one would mean that it broke out of its parentheses. */
async function runOne(
  connection: DuckDBConnection,
  text: string,
  offset: number,
  [values, types]: BoundParams,
): Promise<DuckDBResultReader> {
  try {
    const statements = await connection.extractStatements(text);
    if (statements.count !== 1) throw new StatementError("Parser", "A query is one statement.");
    const statement = await statements.prepare(0);
    try {
      matchParams(statement, values);
      if (statement.parameterCount > 0) statement.bind(values, types);
      return await statement.runAndReadAll();
    } finally {
      statement.destroySync();
    }
  } catch (error) {
    throw StatementError.of(error, offset);
  }
}

/** Every parameter has a value, and every value a parameter. */
function matchParams(statement: DuckDBPreparedStatement, values: BoundParams[0]): void {
  const names = Array.from({ length: statement.parameterCount }, (_, index) => statement.parameterName(index + 1));
  const given = Array.isArray(values) ? values.map((_, index) => String(index + 1)) : Object.keys(values);
  const missing = names.find((name) => !given.includes(name));
  if (missing !== undefined) throw new StatementError("Parameter", `There is no value for the parameter $${missing}.`);
  const unused = given.find((name) => !names.includes(name));
  if (unused !== undefined) throw new StatementError("Parameter", `The statement has no parameter $${unused}.`);
}

async function wereMore(connection: DuckDBConnection): Promise<boolean> {
  const reader = await connection.runAndReadAll(
    `SELECT count(*) FROM duckdb_sequences() WHERE sequence_name = '${moreRowsSequence}' AND last_value IS NOT NULL`,
  );
  return Number(reader.getRows()[0]?.[0]) > 0;
}
