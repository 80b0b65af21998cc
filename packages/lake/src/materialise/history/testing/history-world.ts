import { join } from "node:path";

import { DuckDBInstance } from "@duckdb/node-api";

import {
  createPostgresHistoryStore,
  createPostgresJobStore,
  type Database,
  type JobStore,
  type NewJob,
} from "@millrace/storage";
import { newJob } from "@millrace/storage/testing";

import { type LakeParts, type LakeWorld, openLakeWorld } from "../../testing/lake-world.ts";
import { createHistoryExporter, type HistoryExporter, type HistoryExporterOptions } from "../history-exporter.ts";

export interface HistoryWorld extends LakeWorld {
  readonly jobs: JobStore;
  exporter(owner: string, options?: Partial<HistoryExporterOptions>): HistoryExporter;
  /** Claims and completes so many jobs that are there. */
  finish(tenantId: string, count: number): Promise<void>;
  /** Enqueues, claims and completes so many jobs; answers their ids. */
  complete(tenantId: string, count: number, changes?: Partial<NewJob>): Promise<readonly string[]>;
  /** Runs SQL in which `jobs` and `attempts` are all rows of a tenant's live files. */
  read<Row>(tenantId: string, sql: string): Promise<readonly Row[]>;
}

/** An exporter over these parts, with a lease that keeps nobody away: what is right must not hang on it. */
export function exporterOf(
  db: Database,
  parts: LakeParts,
  root: string,
  options: Partial<HistoryExporterOptions> & { readonly owner: string },
): HistoryExporter {
  return createHistoryExporter({
    ...parts,
    history: createPostgresHistoryStore(db),
    memoryBytes: 134_217_728,
    threads: 1,
    leaseMs: 0,
    directory: join(root, "scratch", options.owner),
    ...options,
  });
}

export async function openHistoryWorld(): Promise<HistoryWorld> {
  const world = await openLakeWorld();
  const jobs = createPostgresJobStore(world.db);
  const exporters: HistoryExporter[] = [];

  async function finish(tenantId: string, count: number): Promise<void> {
    for (let open = count; open > 0;) {
      const claimed = await jobs.claimJobs({ tenantId, limit: open, leaseMs: 60_000, worker: "worker-1" });
      await jobs.completeJobs(claimed.map(({ leaseToken }) => ({ leaseToken, result: null })));
      open -= claimed.length;
    }
  }

  return {
    ...world,
    jobs,
    exporter(owner, options = {}) {
      const exporter = exporterOf(world.db, world, world.root, { owner, ...options });
      exporters.push(exporter);
      return exporter;
    },
    finish,
    async complete(tenantId, count, changes = {}) {
      const created = await jobs.createJobs(Array.from({ length: count }, () => newJob({ tenantId, ...changes })));
      await finish(tenantId, count);
      return created.map(({ id }) => id);
    },
    read: (tenantId, sql) => readLake(world, tenantId, sql),
    async close() {
      await Promise.all(exporters.map((exporter) => exporter.close()));
      await world.close();
    },
  };
}

async function readLake<Row>(world: LakeWorld, tenantId: string, sql: string): Promise<readonly Row[]> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  try {
    const connection = await instance.connect();
    await connection.run("set TimeZone = 'UTC'");
    for (const [view, name] of [
      ["jobs", "system.jobs"],
      ["attempts", "system.job_attempts"],
    ] as const) {
      const table = await world.tables.findTable({ tenantId, name });
      const files = table === undefined ? [] : await world.lake.liveFiles(table.tableId);
      if (files.length === 0) continue;
      const paths = files.map(({ path }) => `'${join(world.root, "objects", path)}'`);
      await connection.run(`create view ${view} as from read_parquet([${paths.join(", ")}])`);
    }
    const result = await connection.runAndReadAll(sql);
    return result.getRowObjectsJson() as unknown as readonly Row[];
  } finally {
    instance.closeSync();
  }
}
