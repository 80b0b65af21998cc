import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

import { startMeter } from "../../meter.ts";
import { percentile } from "../../percentiles.ts";
import type { Values } from "../../queues/values.ts";
import type { BenchPostgres } from "../../with-postgres.ts";
import { fillLake } from "../fill.ts";
import type { LakeStorage } from "../storage.ts";
import { queryRows, withLake } from "../with-lake.ts";

export const fileRows = 100_000;

export interface PairPlan {
  readonly files: number;
  readonly pairs: number;
}

const warmUp = 3;
/** Pairs of queries over very many files end then, however few they are. */
const pairsMsMax = 20_000;
const sql = (from: string) =>
  `select kind, count(*) as events, sum(amount) as amount, max(seen_at) as latest from ${from} group by kind order by kind`;

/** The same query over HTTP and by DuckDB alone on the same files, one right after the other, so many times. */
export function measureFiles(postgres: BenchPostgres, storage: LakeStorage, plan: PairPlan): Promise<Values> {
  return withLake(postgres, storage, async (lake) => {
    const files = await fillLake(lake, fileRows, plan.files);
    const coldStartMs = performance.now();
    const expected = await queryRows(lake, sql("views"));
    const coldMs = performance.now() - coldStartMs;
    const paths = (await readdir(lake.files, { recursive: true })).filter((path) => path.endsWith(".parquet"));
    const list = paths.map((path) => `'${join(lake.files, path)}'`).join(", ");
    const bareSql = sql(`read_parquet([${list}])`);
    return withDuckdb(async (duckdb) => {
      const bare: number[] = [];
      const ours: number[] = [];
      const endMs = performance.now() + pairsMsMax;
      const read = startMeter({ server: [postgres.pid], clients: [lake.api.pid] });
      for (let pair = 0; pair < warmUp + plan.pairs && (bare.length < 2 || performance.now() < endMs); pair++) {
        const bareMs = await timed(() => duckdb.runAndReadAll(bareSql).then((reader) => reader.getRowsJson()));
        const oursMs = await timed(() => queryRows(lake, sql("views")));
        if (pair < warmUp) continue;
        bare.push(bareMs);
        ours.push(oursMs);
      }
      const { otherShare } = read();
      const rows = (await duckdb.runAndReadAll(bareSql)).getRowsJson();
      const [[, first] = []] = rows;
      if (rows.length !== expected.length || Number(first) !== Number(expected[0]?.[1])) {
        throw new Error("Both queries don't find the same");
      }
      const over = ours.map((ms, at) => ms - (bare[at] ?? 0));
      return {
        files,
        pairs: bare.length,
        coldMs,
        bareP50Ms: percentile(bare, 0.5),
        bareP95Ms: percentile(bare, 0.95),
        queryP50Ms: percentile(ours, 0.5),
        queryP95Ms: percentile(ours, 0.95),
        overP50Ms: percentile(over, 0.5),
        overP95Ms: percentile(over, 0.95),
        ...(otherShare === undefined ? {} : { otherShare }),
      };
    });
  });
}

async function withDuckdb<Result>(fn: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
  // As much of the machine as a query has by default.
  const instance = await DuckDBInstance.create(":memory:", { threads: "2", memory_limit: "512MB" });
  const connection = await instance.connect();
  try {
    return await fn(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
