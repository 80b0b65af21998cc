import { drizzle } from "drizzle-orm/pg-proxy";
import type { PgRemoteDatabase } from "drizzle-orm/pg-proxy";

import { MillraceError } from "@millrace/contract";

import type { Executor, Parameter } from "../executor.ts";
import { rawRows } from "./raw-rows.ts";
import type { RawRows } from "./raw-rows.ts";

/** Drizzle's query builder over the one door; its own transactions are not available, and refused. */
export type Drizzle = PgRemoteDatabase;

const decoder = new TextDecoder();
const numberOids: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701]);
const booleanOid = 16;

/** A Drizzle handle whose queries run on this executor: the database, or an open transaction. For cold queries; a hot one is a `Statement`. */
export function drizzleOf(executor: Executor): Drizzle {
  if (!hasRawRows(executor))
    throw new MillraceError("INTERNAL", "Drizzle needs an executor that this package has made");
  return drizzle(async (text, parameters) => {
    const { rows, typeOids } = await executor[rawRows]({ name: "drizzle", text }, parameters as Parameter[]);
    return { rows: rows.map((row) => row.map((value, at) => decode(value, typeOids[at]))) };
  });
}

// Drizzle's columns expect what a plain driver gives: numbers and booleans decoded, everything else as text for their own mapping.
function decode(value: Uint8Array | null, oid: number | undefined): unknown {
  if (value === null) return null;
  const text = decoder.decode(value);
  if (oid === booleanOid) return text === "t";
  return oid !== undefined && numberOids.has(oid) && Number.isSafeInteger(Math.trunc(Number(text)))
    ? Number(text)
    : text;
}

function hasRawRows(executor: Executor): executor is Executor & RawRows {
  return rawRows in executor;
}
