import {
  BIGINT,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBTimestampTZValue,
  INTEGER,
  TIMESTAMPTZ,
  VARCHAR,
} from "@duckdb/node-api";

import type { LoggedEvent } from "@millrace/bus";

/** Rows of a data chunk at most: DuckDB's vector. */
const chunkRows = 2_048;
const chunkTypes = [BIGINT, INTEGER, TIMESTAMPTZ, TIMESTAMPTZ, VARCHAR, VARCHAR, VARCHAR];

/** Makes the temporary table `events` of the connection: system columns typed, payloads as text, so that no digit of theirs passes through JavaScript. */
export async function loadEvents(connection: DuckDBConnection, events: readonly LoggedEvent[]): Promise<void> {
  await connection.run(
    "create or replace temp table events (_offset bigint, version integer, _ingested_at timestamptz, _event_time timestamptz, _key varchar, _op varchar, payload varchar)",
  );
  const appender = await connection.createAppender("events", null, null);
  for (let start = 0; start < events.length; start += chunkRows) {
    const rows = events.slice(start, start + chunkRows);
    const chunk = DuckDBDataChunk.create(chunkTypes, rows.length);
    chunk.setColumns([
      rows.map(({ offset }) => BigInt(offset)),
      rows.map(({ version }) => version),
      rows.map(({ ingestedAt }) => instant(ingestedAt)),
      rows.map(({ eventTime }) => (eventTime === undefined ? null : instant(eventTime))),
      rows.map(({ key }) => key),
      rows.map(({ op }) => op),
      rows.map(({ payload }) => payload),
    ]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

function instant(date: Date): DuckDBTimestampTZValue {
  return new DuckDBTimestampTZValue(BigInt(date.getTime()) * 1_000n);
}
