import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

import type { LoggedEvent } from "@millrace/bus";
import { type Column, MillraceError } from "@millrace/contract";
import {
  createFileCache,
  createPostgresLakeUpkeep,
  type EventTable,
  type LakeUpkeep,
  type NewEventTable,
  type Snapshot,
} from "@millrace/storage";
import { addTable } from "@millrace/storage/testing";

import { createFileWriter, type FileWriter } from "../../materialise/file-writer.ts";
import {
  type LakeParts,
  type LakeWorld,
  type OpenObjects,
  openLakeWorld,
} from "../../materialise/testing/lake-world.ts";
import { viewSql } from "../../query/views/view-sql.ts";
import { createMaintainer, type Maintainer, type MaintainerOptions } from "../maintainer.ts";

/** An event as tests write it; its place in the list counts its offset on. */
export interface TestEvent {
  readonly key: string;
  readonly op?: LoggedEvent["op"];
  readonly payload: string;
  readonly ingestedAt?: Date;
}

export interface MaintainWorld extends LakeWorld {
  readonly upkeep: LakeUpkeep;
  /** Makes a table under a name of its own; of numbers unless the changes say otherwise. */
  make(changes?: Partial<NewEventTable>): Promise<EventTable>;
  /** Writes each list into files of its own, as the materialiser does, and publishes them together. */
  addFiles(table: EventTable, lists: readonly (readonly TestEvent[])[]): Promise<Snapshot>;
  /** Rows of the table's view as it is in a snapshot, each as JSON text, in the order of offsets. */
  rowsOf(table: EventTable, snapshotId?: number): Promise<readonly string[]>;
  /** The paths of all objects. */
  stored(): Promise<readonly string[]>;
  /** Stores bytes under a path, in the place of what may be there. */
  store(path: string, content: Uint8Array | string): Promise<void>;
  /** Makes all that the catalogue says so much older, as if the time had passed. */
  age(ms: number): Promise<void>;
  maintainer(options?: Partial<MaintainerOptions["settings"]> & Pick<MaintainerOptions, "onStep">): Maintainer;
}

export const day = 86_400_000;

const testSettings: MaintainerOptions["settings"] = {
  snapshotRetentionMs: 7 * day,
  graceMs: 0,
  orphanGraceMs: 0,
  compaction: { filesMax: 100, inputsMax: 64, smallestTierBytes: 65_536, tierRatio: 8, targetBytes: 1_048_576 },
};

/** A maintainer over these parts. */
export function maintainerOf(
  { lake, tables, objects }: LakeParts,
  upkeep: LakeUpkeep,
  root: string,
  { onStep, ...settings }: Partial<MaintainerOptions["settings"]> & Pick<MaintainerOptions, "onStep"> = {},
): Maintainer {
  return createMaintainer({
    lake,
    tables,
    objects,
    upkeep,
    // Each is a process of its own, with a folder of its own.
    files: createFileCache({ store: objects, directory: join(root, "cache", randomUUID()), bytesMax: 0 }),
    duckdb: { memoryBytes: 134_217_728, threads: 1, directory: join(root, "scratch", `maintain-${randomUUID()}`) },
    settings: { ...testSettings, ...settings },
    onStep,
  });
}

export async function openMaintainWorld(openObjects?: OpenObjects): Promise<MaintainWorld> {
  const world = await openLakeWorld(openObjects);
  const upkeep = createPostgresLakeUpkeep(world.db);
  const writer: FileWriter = createFileWriter({
    memoryBytes: 134_217_728,
    threads: 1,
    directory: join(world.root, "scratch", "writer"),
  });
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection: DuckDBConnection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  const maintainers: Maintainer[] = [];
  const heads = new Map<number, number>();

  return {
    ...world,
    upkeep,
    make: (changes) => addTable(world.tables, { name: `t${randomUUID().slice(0, 8)}`, ...changes }),
    async addFiles(table, lists) {
      const adds = [];
      for (const list of lists) {
        const head = heads.get(table.tenantNo) ?? 0;
        heads.set(table.tenantNo, head + list.length);
        const events = list.map(({ key, op = "insert", payload, ingestedAt = new Date() }, index): LoggedEvent => ({
          offset: head + index + 1,
          tableId: table.tableId,
          version: table.version,
          op,
          key,
          payload,
          eventTime: undefined,
          ingestedAt,
        }));
        const versions = new Map([[table.version, table.columns]]);
        const { files, poison } = await writer.write({ table, versions, events });
        if (poison.length > 0) throw new MillraceError("INTERNAL", JSON.stringify(poison));
        adds.push(...files);
      }
      const batchId = randomUUID();
      const { tenantNo } = table;
      await world.lake.intend({ tenantNo, epoch: 1, batchId, paths: adds.map(({ path }) => path) });
      for (const { path, file } of adds) await world.objects.put(path, file);
      const snapshot = await world.lake.publish({
        tenantNo,
        kind: "publish",
        batchId,
        adds: adds.map(({ file: _, ...added }) => added),
        ends: [],
      });
      if (snapshot === undefined) throw new MillraceError("INTERNAL", "Nothing was published");
      return snapshot;
    },
    async rowsOf(table, snapshotId) {
      const now = (await world.tables.tableById(table.tableId)) ?? table;
      const ref = snapshotId === undefined ? ({ newest: true } as const) : { snapshotId };
      const snapshot = await world.lake.snapshot(table.tenantId, ref);
      if (snapshot === undefined) return [];
      const files = await world.lake.filesOf(snapshot, [table.tableId]);
      const versions = new Map<number, readonly Column[]>();
      for (const { version } of files)
        versions.set(version, (await world.tables.columnsOf(table.tableId, version)) ?? []);
      const copies = join(world.root, "copies");
      await mkdir(copies, { recursive: true });
      const localPaths = await Promise.all(
        files.map(({ path }) => world.objects.fetch(path, join(copies, path.replaceAll("/", "-")))),
      );
      const view = viewSql({
        ...now,
        schema: "main",
        versions,
        files: files.map(({ version }, index) => ({ localPath: localPaths[index] ?? "", version })),
      });
      await connection.run(view.replace("CREATE VIEW", "CREATE OR REPLACE VIEW"));
      const rows = await connection.runAndReadAll(`select to_json(r)::varchar from "${now.name}" r order by _offset`);
      return rows.getRowsJson().map(([row]) => row as string);
    },
    async stored() {
      const paths: string[] = [];
      for await (const { path } of world.objects.list("")) paths.push(path);
      return paths;
    },
    async store(path, content) {
      const file = join(world.root, randomUUID());
      await writeFile(file, content);
      await world.objects.delete([path]);
      await world.objects.put(path, file);
      await rm(file, { force: true });
    },
    async age(ms) {
      const by = `${ms} * interval '1 millisecond'`;
      for (const text of [
        `update millrace.lake_snapshots set snapshot_time = snapshot_time - ${by}, expired_at = expired_at - ${by}`,
        `update millrace.event_progress set snapshot_time = snapshot_time - ${by}`,
        `update millrace.lake_files set ended_at = ended_at - ${by}, deleting_at = deleting_at - ${by}, deleted_at = deleted_at - ${by}`,
        `update millrace.lake_intents set created_at = created_at - ${by}`,
        `update millrace.lake_pins set expires_at = expires_at - ${by}`,
      ])
        await world.db.query({ name: "test", text });
    },
    maintainer(options) {
      const maintainer = maintainerOf(world, upkeep, world.root, options);
      maintainers.push(maintainer);
      return maintainer;
    },
    async close() {
      await Promise.all(maintainers.map((maintainer) => maintainer.close()));
      connection.closeSync();
      instance.closeSync();
      await writer.close();
      await world.close();
    },
  };
}
