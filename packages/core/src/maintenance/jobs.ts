import { isMillraceError, maintenanceQueue as queue, maintenanceTypes, MillraceError } from "@millrace/contract";
import type { CheckReport, Maintainer } from "@millrace/lake/maintain";
import { type DatabaseClock, type EventTable, type LakeUpkeep, type TableStore, untilAborted } from "@millrace/storage";
import type { Metrics } from "@millrace/telemetry";

import { NonRetryableError } from "../worker/attempt-errors.ts";
import { defineJob, type JobDefinition } from "../worker/define-job.ts";
import { checkPayload, tablePayload, tenantPayload } from "./payloads.ts";

export interface MaintenanceJobsOptions {
  readonly maintainer: Maintainer;
  readonly upkeep: Pick<LakeUpkeep, "tenantNoOf">;
  readonly tables: Pick<TableStore, "tablesOf">;
  readonly clock: DatabaseClock;
  readonly metrics: Pick<
    Metrics,
    "lakeMaintenanceFilesTotal" | "lakeMaintenanceRowsTotal" | "lakeMaintenanceBytesTotal" | "lakeFaultyFilesTotal"
  >;
}

const hourMs = 3_600_000;
const faultyShown = 10;
/** Seldom tried again: the next tick does it anyway. */
const defaults = { queue, maxAttempts: 3, timeoutMs: hourMs, priority: -10 } as const;

/**
 * The built-in job types `lake.*`. A job works on its own tenant's tables, whatever its payload says, so whoever may enqueue jobs can do no harm with them.
 * Every one of them can be run again and beside another, so one that is aborted doesn't wait for an object store that does not answer. What it leaves running
 * publishes nothing once its signal has fired, but for a transaction that is under way; and that ends files only while all of them are live, so what others have
 * done since the job's lease was lost stays as it is.
 */
export function createMaintenanceJobs(options: MaintenanceJobsOptions): readonly JobDefinition[] {
  const { maintainer, upkeep, tables, clock, metrics } = options;

  /** The tenant's tables, or the one that is named. @throws TABLE_NOT_FOUND, which no retry helps */
  async function tablesOf(tenantId: string, name: string | undefined): Promise<readonly EventTable[]> {
    const all = await tables.tablesOf(tenantId);
    if (name === undefined) return all;
    const found = all.filter((table) => table.name === name);
    if (found.length === 0) throw new NonRetryableError(`TABLE_NOT_FOUND: there is no table ${name}`);
    return found;
  }

  const compact = defineJob({
    ...defaults,
    type: maintenanceTypes.compaction,
    input: tablePayload,
    async handler({ job, payload, signal }) {
      const reports = [];
      for (const table of await tablesOf(job.tenantId, payload.table)) {
        const report = await untilAborted(maintainer.compact(table, signal), signal).catch(withoutRetry);
        signal.throwIfAborted();
        metrics.lakeMaintenanceFilesTotal.inc({ change: "merged" }, report.filesMerged);
        metrics.lakeMaintenanceRowsTotal.inc(report.rowsRead);
        metrics.lakeMaintenanceBytesTotal.inc(report.bytesWritten);
        if (report.merges > 0 || payload.table !== undefined) reports.push({ ...report });
      }
      return { tables: reports };
    },
  });

  const retain = defineJob({
    ...defaults,
    type: maintenanceTypes.retention,
    input: tablePayload,
    async handler({ job, payload, signal }) {
      await clock.ready();
      const reports = [];
      for (const table of await tablesOf(job.tenantId, payload.table)) {
        signal.throwIfAborted();
        const { retentionDays } = table;
        if (retentionDays === undefined) continue;
        const retaining = maintainer.retain({ ...table, retentionDays }, clock.now().getTime(), signal);
        const report = await untilAborted(retaining, signal).catch(withoutRetry);
        metrics.lakeMaintenanceFilesTotal.inc({ change: "retained" }, report.filesEnded + report.filesRewritten);
        if (report.rowsRemoved > 0) reports.push({ ...report });
      }
      const tenantNo = payload.table === undefined ? await upkeep.tenantNoOf(job.tenantId) : undefined;
      const dropped = tenantNo === undefined ? 0 : await untilAborted(maintainer.endDropped(tenantNo, signal), signal);
      return { tables: reports, filesOfDroppedTables: dropped };
    },
  });

  const expire = defineJob({
    ...defaults,
    type: maintenanceTypes.expiry,
    input: tenantPayload,
    async handler({ job, signal }) {
      const tenantNo = await upkeep.tenantNoOf(job.tenantId);
      if (tenantNo === undefined) return null;
      const report = await untilAborted(maintainer.expire(tenantNo, signal), signal);
      metrics.lakeMaintenanceFilesTotal.inc({ change: "deleted" }, report.filesDeleted);
      signal.throwIfAborted();
      return { ...report };
    },
  });

  const sweep = defineJob({
    ...defaults,
    type: maintenanceTypes.orphans,
    input: tenantPayload,
    async handler({ job, signal }) {
      const tenantNo = await upkeep.tenantNoOf(job.tenantId);
      if (tenantNo === undefined) return null;
      const report = await untilAborted(maintainer.sweep(tenantNo, signal), signal);
      metrics.lakeMaintenanceFilesTotal.inc({ change: "swept" }, report.intentsSwept + report.objectsDeleted);
      signal.throwIfAborted();
      return { ...report };
    },
  });

  const check = defineJob({
    ...defaults,
    timeoutMs: 6 * hourMs,
    type: maintenanceTypes.integrity,
    input: checkPayload,
    async handler({ job, payload, signal }) {
      const tenantNo = await upkeep.tenantNoOf(job.tenantId);
      if (tenantNo === undefined) return null;
      const [table] = payload.table === undefined ? [] : await tablesOf(job.tenantId, payload.table);
      const wanted = { tenantNo, tableId: table?.tableId, share: payload.share };
      const report = await untilAborted(maintainer.check(wanted, signal), signal);
      metrics.lakeFaultyFilesTotal.inc(report.faults);
      if (report.faults > 0) throw failed(report);
      return { filesChecked: report.filesChecked, filesRead: report.filesRead, sweeping: report.sweeping ?? null };
    },
  });

  return [compact, retain, expire, sweep, check];
}

/** Kills a job that misses an object, and rethrows what may pass: reading again doesn't bring an object back, and the planner leaves a dead job's table alone for hours. */
function withoutRetry(error: unknown): never {
  if (!isMillraceError(error) || error.code !== "NOT_FOUND") throw error;
  const fatal = new NonRetryableError(`${error.code}: ${error.message}`);
  fatal.cause = error;
  throw fatal;
}

/** Kills the job: looking again doesn't bring a file back. */
function failed({ faults, faulty, filesChecked }: CheckReport): NonRetryableError {
  const shown = faulty.slice(0, faultyShown).map(({ path, fault }) => `${path} (${fault})`);
  const more = faults > shown.length ? ` and ${faults - shown.length} more` : "";
  const sentence = `${faults} of ${filesChecked} files are not what the catalogue says: ${shown.join(", ")}${more}`;
  const error = new NonRetryableError(`INTEGRITY_CHECK_FAILED: ${sentence}`);
  error.cause = new MillraceError("INTEGRITY_CHECK_FAILED", sentence, {
    errors: faulty.map(({ path, fault }) => ({
      path,
      code: fault,
      message: "The file is not what the catalogue says.",
    })),
  });
  return error;
}
