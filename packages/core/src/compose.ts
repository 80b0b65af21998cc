import { readFileSync } from "node:fs";

import {
  type ApiKeyValidator,
  type KeyKind,
  anyValidator,
  createPostgresValidator,
  createStaticValidator,
} from "@millrace/auth";
import type { IngestBus } from "@millrace/bus";
import type { Config, Profile } from "@millrace/config";
import {
  type AuditStore,
  type Database,
  type DatabaseClock,
  type DatabaseOptions,
  type DeadLetterStore,
  type JobStore,
  type KeyStore,
  type ScheduleStore,
  type TableStore,
  createDatabase,
  createDatabaseClock,
  createPostgresAuditStore,
  createPostgresDeadLetterStore,
  createPostgresJobStore,
  createPostgresKeyStore,
  createPostgresScheduleStore,
  createPostgresTableStore,
  hotSession,
} from "@millrace/storage";
import type { Logger, Metrics } from "@millrace/telemetry";

import type { IngestTables } from "./ingest/context.ts";
import { createBus } from "./ingest/create-bus.ts";
import { type IngestDesk, createIngestDesk } from "./ingest/desk.ts";
import { createIngestTables } from "./ingest/ingest-tables.ts";
import { type Lake, composeLake } from "./lake/compose-lake.ts";
import { type ReadyCheck, createReadiness } from "./readiness.ts";
import { evolveTable } from "./tables/evolve.ts";
import { inferColumns, unknownFields } from "./tables/infer-columns.ts";
import { createTableCache, type TableCache } from "./tables/table-cache.ts";
import { createJobWatch, type JobWatch } from "./watch/job-watch.ts";

export type { ReadyCheck } from "./readiness.ts";

/** The sections of the configuration that parts are built from; without `auth` there is no validator, without `ingest` no desk, without `lake` no lake, and without `query` one that runs no queries. */
export type ComposeConfig = Pick<Config, "database"> & Partial<Pick<Config, "auth" | "ingest" | "lake" | "query">>;

export interface ComposeOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Keys that are made in production are called `live`, others `dev`. */
  readonly profile?: Profile | undefined;
  /** The bus to use instead of PostgreSQL's. It is closed with the rest. */
  readonly bus?: IngestBus | undefined;
}

/** The parts of a process, built once. */
export interface Composition {
  readonly db: Database;
  readonly store: JobStore;
  readonly clock: DatabaseClock;
  readonly keys: KeyStore;
  readonly audit: AuditStore;
  readonly watch: JobWatch;
  readonly schedules: ScheduleStore;
  readonly keyKind: KeyKind;
  readonly validator: ApiKeyValidator | undefined;
  readonly tables: TableStore;
  readonly tableCache: TableCache;
  readonly bus: IngestBus;
  readonly deadLetters: DeadLetterStore;
  readonly ingestTables: IngestTables;
  readonly ingestDesk: IngestDesk | undefined;
  readonly lake: Lake | undefined;
  /** Asks everything that the process depends on, within a time limit. Never rejects. */
  checkReady(): Promise<readonly ReadyCheck[]>;
  /** Closes everything in the order of need. */
  close(): Promise<void>;
}

/** Builds the parts of a process from its configuration. The database need not be there yet: see `checkReady`. */
export async function compose(config: ComposeConfig, options: ComposeOptions): Promise<Composition> {
  const { logger, metrics, profile } = options;
  const db = createDatabase({
    ...databaseOptions(config.database),
    observer: {
      statement(statement, seconds, ok) {
        metrics.dbStatementSeconds.observe({ statement }, seconds);
        if (!ok) metrics.dbErrorsTotal.inc({ statement });
      },
      poolWait: (seconds) => metrics.dbPoolWaitSeconds.observe(seconds),
      listenerFailed: (err) => logger.error({ err }, "A listener of notifications failed"),
    },
  });
  const stopSampling = metrics.beforeRender(() => {
    const { open, inUse, waiting } = db.stats();
    metrics.dbPoolOpenConnections.set(open);
    metrics.dbPoolInUseConnections.set(inUse);
    metrics.dbPoolWaitingRequests.set(waiting);
  });
  const store = createPostgresJobStore(db);
  const keys = createPostgresKeyStore(db);
  const watch = createJobWatch({ store });
  const validator = config.auth === undefined ? undefined : await createValidator(config.auth, keys);
  const audit = createPostgresAuditStore(db);
  const tables = createPostgresTableStore(db);
  const tableCache = await createTableCache({ store: tables });
  const bus = options.bus ?? (await createBus(db, config.ingest, logger));
  const ingestDesk =
    config.ingest === undefined ? undefined : createIngestDesk({ bus, limits: config.ingest, metrics });
  const { lake: lakeConfig, query } = config;
  const lake = lakeConfig && (await composeLake(db, { lake: lakeConfig, ...(query && { query }) }, logger));
  let closed: Promise<void> | undefined;
  return {
    db,
    store,
    clock: createDatabaseClock(db),
    keys,
    audit,
    watch,
    schedules: createPostgresScheduleStore(db),
    keyKind: profile === "prod" ? "live" : "dev",
    validator,
    tables,
    bus,
    deadLetters: createPostgresDeadLetterStore(db),
    tableCache,
    ingestTables: createIngestTables({
      find: ({ tenantId, name }) => tableCache.find(tenantId, name),
      async evolve(table, payloads) {
        const columns = inferColumns(unknownFields(table, payloads));
        const evolved = await evolveTable({ tableStore: tables, audit }, { table, columns });
        tableCache.forget(table.tenantId);
        return evolved;
      },
    }),
    ingestDesk,
    lake,
    checkReady: createReadiness(db, [
      // The PostgreSQL bus is the database, which is asked anyway.
      ...(bus.kind === "postgres" ? [] : [{ name: "bus", ping: () => bus.ping() }]),
      ...(lake === undefined ? [] : [{ name: "objectStore", ping: () => lake.objects.ping() }]),
    ]),
    close() {
      closed ??= (async () => {
        stopSampling();
        ingestDesk?.close();
        await lake?.close();
        await bus.close();
        await tableCache.close();
        await validator?.close();
        await watch.close();
        await store.close();
        await db.close();
      })();
      return closed;
    },
  };
}

/** Static keys stand before the database's: whoever develops with one can still make others. */
async function createValidator(auth: Config["auth"], keys: KeyStore): Promise<ApiKeyValidator> {
  const { mode, staticKeys, cacheTtlMs, negativeCacheTtlMs } = auth;
  const stored = await createPostgresValidator({ keys, cacheTtlMs, negativeCacheTtlMs });
  return mode === "static" ? anyValidator([createStaticValidator(staticKeys), stored]) : stored;
}

function databaseOptions(database: Config["database"]): DatabaseOptions {
  const { ssl, sslCaFile, prepare, ...options } = database;
  return {
    ...options,
    prepare,
    ssl: sslCaFile === undefined ? ssl : { ca: readFileSync(sslCaFile, "utf8") },
    // A pooler that can't keep prepared statements takes no settings either.
    session: prepare ? hotSession : {},
  };
}
