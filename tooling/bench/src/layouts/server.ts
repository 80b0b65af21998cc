import { createDatabase, type Database } from "@millrace/storage";

import { type BenchPostgres, withPostgres } from "../with-postgres.ts";

/** The server under measurement. */
export interface Server extends Omit<BenchPostgres, "url"> {
  /** Makes an empty schema and runs SQL text in it. */
  prepare(sqlText: string): Promise<void>;
  /** Two connections through the product's own door, with the settings that its hot path has. */
  open(): Database;
}

/** The settings of the product's hot path, and where the tables under measurement are. */
const session = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  jit: "off",
  search_path: "bench",
} as const;

/** Runs `fn` on a PostgreSQL of its own. Its settings are stock; only autovacuum is off, for it would visit one layout and spare another. */
export async function withServer<Result>(fn: (server: Server) => Promise<Result>): Promise<Result> {
  return withPostgres({ autovacuum: "off" }, ({ url, pid, admin }) =>
    fn({
      pid,
      admin,
      prepare: (sqlText) =>
        admin.exec(`drop schema if exists bench cascade; create schema bench; set search_path = bench; ${sqlText}`),
      open: () => createDatabase({ url, poolMax: 2, statementTimeoutMs: 60_000, session }),
    }),
  );
}
