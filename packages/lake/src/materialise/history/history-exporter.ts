import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import type { DuckDBConnection } from "@duckdb/node-api";

import type { HistoryPage, HistoryStore, LakeStore, ObjectStore, TableStore } from "@millrace/storage";

import { type DuckdbOptions, openDuckdb } from "../duckdb-session.ts";
import { ensureTables } from "./ensure-tables.ts";
import { loadPage, type PageFiles, tenantsOf } from "./load-page.ts";
import { batchIdOf, publishTenant } from "./publish-tenant.ts";
import { writeTenant } from "./write-tenant.ts";

/** Where an export is: between any two of these the process may end. */
export type HistoryStep = "taken" | "copied" | "written" | "intended" | "uploaded" | "allowed" | "published" | "ended";

export interface HistoryExporterOptions extends DuckdbOptions {
  readonly history: HistoryStore;
  readonly tables: Pick<TableStore, "createTable" | "findTable">;
  readonly lake: Pick<LakeStore, "intend" | "publish" | "findBatch">;
  readonly objects: Pick<ObjectStore, "put">;
  /** Names this process. */
  readonly owner: string;
  /** When another owner may go on with what this one has begun; default 30 s. */
  readonly leaseMs?: number | undefined;
  /** Rows of a page, about; default 100,000. */
  readonly rowsMax?: number | undefined;
  /** Bytes of a page in PostgreSQL, about; default 8 MiB. */
  readonly bytesMax?: number | undefined;
  readonly onStep?: ((step: HistoryStep) => Promise<void> | void) | undefined;
}

/** What a step has found: nothing, a page, or a page behind which there may be another one. */
export type HistoryProgress = "nothing" | "exported" | "more";

/** Carries finished jobs and ended attempts from PostgreSQL into the tables `system.jobs` and `system.job_attempts` of their tenants. */
export interface HistoryExporter {
  /** Exports one page. What fails, or ends in the middle, is done again by the next step, of this process or another one. */
  step(): Promise<HistoryProgress>;
  close(): Promise<void>;
}

/** Makes an exporter; nothing is opened before there is something to export. */
export function createHistoryExporter(options: HistoryExporterOptions): HistoryExporter {
  const { history, owner, leaseMs = 30_000, rowsMax = 100_000, bytesMax = 8_388_608, onStep = () => {} } = options;
  const duckdb = openDuckdb(options);
  return {
    async step() {
      const page = await history.takePage({ owner, leaseMs, rowsMax, bytesMax });
      if (page === undefined) return "nothing";
      await onStep("taken");
      await duckdb.withConnection((connection, scratch) => exportPage(connection, page, scratch, options));
      await history.endPage(page);
      await onStep("ended");
      return page.more ? "more" : "exported";
    },
    async close() {
      await duckdb.close();
      await history.release(owner);
    },
  };
}

/** Rows come one by one: many are written at once. */
const toFile = (file: string) => createWriteStream(file, { highWaterMark: 1_048_576 });

async function exportPage(
  connection: DuckDBConnection,
  page: HistoryPage,
  scratch: string,
  { history, tables, lake, objects, onStep = () => {} }: HistoryExporterOptions,
): Promise<void> {
  const files: PageFiles = { jobs: join(scratch, "jobs.csv"), attempts: join(scratch, "attempts.csv") };
  try {
    await history.copyPage(page, { jobs: toFile(files.jobs), attempts: toFile(files.attempts) });
    await onStep("copied");
    await loadPage(connection, files);
  } finally {
    await Promise.all([files.jobs, files.attempts].map((file) => rm(file, { force: true })));
  }
  for (const tenantId of await tenantsOf(connection)) {
    const own = await ensureTables(tables, tenantId);
    const tenantNo = own[0]?.tenantNo ?? 0;
    // Whoever began the page may have published this part of it.
    if ((await lake.findBatch(batchIdOf(page, tenantNo))) !== undefined) continue;
    const written = await writeTenant(connection, own, page.pageNo, scratch);
    try {
      await onStep("written");
      await publishTenant(page, tenantNo, written, { history, lake, objects, onStep });
      await onStep("published");
    } finally {
      await Promise.all(written.map(({ file }) => rm(file, { force: true })));
    }
  }
}
