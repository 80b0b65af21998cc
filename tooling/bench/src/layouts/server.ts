import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connectDirectly, createDatabase, type Database, type DirectConnection } from "@millrace/storage";
import { startEmbedded } from "@millrace/storage/embedded";

/** The server under measurement. */
export interface Server {
  /** Its main process. */
  readonly pid: number;
  /** Makes an empty schema and runs SQL text in it. */
  prepare(sqlText: string): Promise<void>;
  /** Two connections through the product's own door, with the settings that its hot path has. */
  open(): Database;
  readonly admin: DirectConnection;
}

/** The settings of the product's hot path, and where the tables under measurement are. */
const session = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  jit: "off",
  search_path: "bench",
} as const;

/**
 * Runs `fn` on a PostgreSQL of its own, whose data are removed afterwards. Its settings are stock, fsync included;
 * only autovacuum is off, for it would visit one layout and spare another.
 */
export async function withServer<Result>(fn: (server: Server) => Promise<Result>): Promise<Result> {
  const dataDir = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  const embedded = await startEmbedded({ dataDir, settings: { autovacuum: "off" } });
  try {
    const admin = await connectDirectly({ url: embedded.url });
    try {
      return await fn({
        pid: embedded.pid,
        admin,
        prepare: (sqlText) =>
          admin.exec(`drop schema if exists bench cascade; create schema bench; set search_path = bench; ${sqlText}`),
        open: () => createDatabase({ url: embedded.url, poolMax: 2, statementTimeoutMs: 60_000, session }),
      });
    } finally {
      await admin.close();
    }
  } finally {
    await embedded.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
