import type { Config } from "@millrace/config";
import type { QueryEngine } from "@millrace/lake/query";
import {
  createFileCache,
  createPostgresLakeStore,
  type Database,
  type FileCache,
  type LakeStore,
  type ObjectStore,
} from "@millrace/storage";
import type { Logger } from "@millrace/telemetry";

import type { QueryLimits } from "../query/context.ts";
import { createTurns, type Turns } from "../query/turns.ts";
import { createUnreadResults, type UnreadResults } from "../query/unread-results.ts";
import { createObjectStore } from "./object-store.ts";
import { createVisibility, type Visibility } from "./visibility.ts";

/** What runs queries in this process. */
export interface Queries {
  readonly engine: QueryEngine;
  readonly turns: Turns;
  readonly unread: UnreadResults;
  readonly limits: QueryLimits;
}

/** The parts of a process that has to do with the lake. */
export interface Lake {
  readonly store: LakeStore;
  readonly objects: ObjectStore;
  /** Local copies of its files. */
  readonly files: FileCache;
  readonly visibility: Visibility;
  /** Undefined in a process that runs no queries. */
  readonly query: Queries | undefined;
  close(): Promise<void>;
}

/** The sections of the configuration that a lake is built from; without `query` the process runs none. */
export type LakeConfig = Pick<Config, "lake"> & Partial<Pick<Config, "query">>;

/** Builds the parts over the catalogue in the database. @throws INTERNAL where a library that they need is not installed */
export async function composeLake(db: Database, config: LakeConfig, logger: Logger): Promise<Lake> {
  const store = createPostgresLakeStore(db);
  const objects = await createObjectStore(config.lake);
  const { cacheDirectory, cacheBytesMax } = config.lake;
  const files = createFileCache({ store: objects, directory: cacheDirectory, bytesMax: cacheBytesMax });
  // A process that runs queries needs it, and is told at its start when another has it.
  if (config.query !== undefined) await files.open();
  const visibility = createVisibility({ lake: store });
  const query = config.query === undefined ? undefined : await createQueries(config.query, logger);
  return {
    store,
    objects,
    files,
    visibility,
    query,
    async close() {
      await query?.engine.close();
      await files.close();
      await visibility.close();
      await objects.close();
    },
  };
}

async function createQueries(config: Config["query"], logger: Logger): Promise<Queries> {
  // Loads DuckDB, which a process without queries goes without.
  const { createQueryEngine } = await import("@millrace/lake/query");
  const { concurrency, threads, memoryBytes, timeoutMsMax, bytesMax, spoolDirectory } = config;
  return {
    engine: createQueryEngine({
      children: concurrency,
      threads,
      memoryBytes,
      timeoutMsMax,
      resultBytesMax: bytesMax,
      spoolDir: spoolDirectory,
      logger,
    }),
    turns: createTurns(config),
    unread: createUnreadResults(config),
    limits: config,
  };
}
