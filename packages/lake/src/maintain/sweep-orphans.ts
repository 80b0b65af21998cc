import type { LakeUpkeep, ObjectStore } from "@millrace/storage";

export interface SweepContext {
  readonly upkeep: Pick<LakeUpkeep, "sweepIntents" | "knownPaths" | "isSweeping">;
  readonly objects: Pick<ObjectStore, "delete" | "list" | "now">;
}

export interface SweepSettings {
  /** Age of an intent, by the database's clock, from which on nobody goes on with it. */
  readonly graceMs: number;
  /** Age of an unknown object, by the store's clock. */
  readonly orphanGraceMs: number;
}

/** What was found that no snapshot ever had. */
export interface SweepReport {
  readonly intentsSwept: number;
  readonly objectsListed: number;
  readonly objectsDeleted: number;
  /** False after a restore, until everything was checked: nothing is deleted. */
  readonly sweeping: boolean;
}

const intentsAtOnce = 100;
const objectsAtOnce = 500;

/**
 * Deletes objects of a tenant that are in no snapshot and never will be: those whose intent is old, and those of the whole listing that are old and that the catalogue
 * doesn't know. Of the latter the catalogue is asked again just before. Ends early when `signal` fires. @throws UNAVAILABLE
 */
export async function sweepOrphans(
  { upkeep, objects }: SweepContext,
  tenantNo: number,
  { graceMs, orphanGraceMs }: SweepSettings,
  signal?: AbortSignal,
): Promise<SweepReport> {
  const report = { intentsSwept: 0, objectsListed: 0, objectsDeleted: 0, sweeping: true };
  const goesOn = async () => {
    report.sweeping = await upkeep.isSweeping();
    return report.sweeping && signal?.aborted !== true;
  };
  while (await goesOn()) {
    const swept = await upkeep.sweepIntents({ tenantNo, graceMs, limit: intentsAtOnce }, (paths) =>
      objects.delete(paths),
    );
    report.intentsSwept += swept;
    if (swept < intentsAtOnce) break;
  }
  const oldMs = (await objects.now()).getTime() - orphanGraceMs;
  let old: string[] = [];

  async function deleteUnknown(): Promise<void> {
    const suspects = await unknownOf(old);
    old = [];
    if (suspects.length === 0 || !(await goesOn())) return;
    const unknown = await unknownOf(suspects);
    await objects.delete(unknown);
    report.objectsDeleted += unknown.length;
  }

  async function unknownOf(paths: readonly string[]): Promise<readonly string[]> {
    if (paths.length === 0) return [];
    const known = new Set(await upkeep.knownPaths(paths));
    return paths.filter((path) => !known.has(path));
  }

  if (!(await goesOn())) return report;
  for await (const { path, modifiedAt } of objects.list(`${tenantNo}/`)) {
    report.objectsListed++;
    if (modifiedAt.getTime() > oldMs) continue;
    old.push(path);
    if (old.length < objectsAtOnce) continue;
    await deleteUnknown();
    if (!report.sweeping || signal?.aborted === true) return report;
  }
  await deleteUnknown();
  return report;
}
