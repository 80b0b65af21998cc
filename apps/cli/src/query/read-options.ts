import type { QueryOptions } from "@millrace/client";

import { UsageError } from "../usage-error.ts";
import type { OutputFormat } from "./choose-format.ts";
import { readParams } from "./read-params.ts";

export interface OptionFlags {
  readonly token: string | undefined;
  /** A snapshot's id, or a time. */
  readonly snapshot: string | undefined;
  readonly rowLimit: string | undefined;
  /** Each `name=value`. */
  readonly params: readonly string[];
}

/** What a person may want to see of a long result. */
const tableRowsDefault = 1_000;

/** What a query's flags ask of the API. @throws UsageError */
export function readOptions({ token, snapshot, rowLimit, params }: OptionFlags, format: OutputFormat): QueryOptions {
  if (token !== undefined && snapshot !== undefined) {
    throw new UsageError("A query is of a --snapshot, or waits for a --token; not both.", "millrace query");
  }
  if (rowLimit !== undefined && !/^[1-9]\d{0,14}$/.test(rowLimit)) {
    throw new UsageError(`--row-limit is a number from 1 up, not "${rowLimit}".`, "millrace query");
  }
  const read = readParams(params);
  const defaultLimit = format === "table" ? tableRowsDefault : undefined;
  const limit = rowLimit === undefined ? defaultLimit : Number(rowLimit);
  return {
    ...(token === undefined ? {} : { minVisibilityToken: token }),
    ...(snapshot === undefined ? {} : readSnapshot(snapshot)),
    ...(limit === undefined ? {} : { rowLimit: limit }),
    ...(read === undefined ? {} : { params: read as NonNullable<QueryOptions["params"]> }),
  };
}

function readSnapshot(snapshot: string): QueryOptions {
  if (/^\d{1,15}$/.test(snapshot)) return { snapshotId: Number(snapshot) };
  if (Number.isNaN(Date.parse(snapshot))) {
    throw new UsageError(
      `--snapshot is an id, such as 17, or a time, such as 2026-01-31T12:00:00Z; not "${snapshot}".`,
      "millrace query",
    );
  }
  return { snapshotTime: snapshot };
}
