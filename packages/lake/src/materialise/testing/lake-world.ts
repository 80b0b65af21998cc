import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createPostgresBus, type IngestBus, type NewEvent } from "@millrace/bus";
import {
  createFsObjectStore,
  createPostgresLakeStore,
  createPostgresTableStore,
  type Database,
  type EventTable,
  type LakeStore,
  type ObjectStore,
  type TableStore,
} from "@millrace/storage";
import { addTable, testDatabase } from "@millrace/storage/testing";
import { createMetrics, silentLogger } from "@millrace/telemetry";

import { createFileWriter } from "../file-writer.ts";
import { createMaterialiser, type Materialiser, type MaterialiserOptions } from "../materialiser.ts";

/** The parts of a lake over one database and one folder. */
export interface LakeParts {
  readonly bus: IngestBus;
  readonly lake: LakeStore;
  readonly tables: TableStore;
  readonly objects: ObjectStore;
}

export interface LakeWorld extends LakeParts {
  readonly db: Database;
  readonly url: string;
  /** Where what processes write is, and local objects. */
  readonly root: string;
  /** Makes a table with one column, `n`, and its tenant where there is none. */
  addTable(tenantId: string, name: string): Promise<EventTable>;
  /** Publishes events to the log; each payload is `{"n":…}` unless it is given. */
  ingest(table: EventTable, keys: readonly string[], payload?: (index: number) => string): Promise<void>;
  close(): Promise<void>;
}

/** Opens the store of a world's objects; the folder is the world's. */
export type OpenObjects = (root: string) => ObjectStore;

const openLocal: OpenObjects = (root) => createFsObjectStore({ root: join(root, "objects") });

export const partsOf = (db: Database, root: string, openObjects = openLocal): LakeParts => ({
  bus: createPostgresBus({ db }),
  lake: createPostgresLakeStore(db),
  tables: createPostgresTableStore(db),
  objects: openObjects(root),
});

/** Opens a lake of one's own; its objects are in a folder unless a store is given. */
export async function openLakeWorld(openObjects?: OpenObjects): Promise<LakeWorld> {
  const test = await testDatabase();
  const root = await mkdtemp(join(tmpdir(), "millrace-lake-"));
  const parts = partsOf(test.database, root, openObjects);
  return {
    ...parts,
    db: test.database,
    url: test.url,
    root,
    addTable: (tenantId, name) => addTable(parts.tables, { tenantId, name }),
    async ingest(table, keys, payload = (index) => `{"n":${index}}`) {
      const events = keys.map((key, index): NewEvent => ({
        tableId: table.tableId,
        version: table.version,
        op: "insert",
        key,
        payload: payload(index),
        payloadHash: "00000000-0000-4000-8000-000000000000",
        eventTime: undefined,
      }));
      await parts.bus.publish(table.tenantNo, events);
    },
    async close() {
      await parts.bus.close();
      await parts.objects.close();
      await test.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A materialiser over these parts, with a writer of its own; `stop` ends both. Its lease is long: what stalls for a while must not lose it. */
export function materialiserOf(
  parts: LakeParts,
  root: string,
  options: Partial<MaterialiserOptions> & { readonly owner: string },
): Materialiser {
  const writer = createFileWriter({
    memoryBytes: 134_217_728,
    threads: 1,
    directory: join(root, "scratch", options.owner),
  });
  const materialiser = createMaterialiser({
    ...parts,
    writer,
    flushMs: 20,
    leaseMs: 60_000,
    pollMs: 100,
    logger: silentLogger,
    metrics: createMetrics({ service: "test", version: "0", defaultMetrics: false }),
    ...options,
  });
  return {
    ...materialiser,
    async stop() {
      await materialiser.stop();
      await writer.close();
    },
  };
}
