import { join } from "node:path";

import { connectDirectly } from "@millrace/storage";

import { treeCpuMicros } from "../cpu-time.ts";
import { type IngestApi, withIngest } from "../events/with-ingest.ts";
import { type RunningWorker, withWorker } from "../http/with-worker.ts";
import { withDatabase } from "../queues/stage.ts";
import type { Values } from "../queues/values.ts";
import type { BenchPostgres } from "../with-postgres.ts";
import { awaitUntil } from "./await-until.ts";
import { type LakeStorage, withFolder } from "./storage.ts";

/** An API over an empty lake, and workers when they are wanted. */
export interface BenchLake {
  readonly api: IngestApi;
  /** Headers of the one tenant. */
  readonly headers: Readonly<Record<string, string>>;
  readonly databaseUrl: string;
  /** Where the lake's files are once a query has read them. */
  readonly files: string;
  withWorker<Result>(
    changes: Readonly<Record<string, string>>,
    fn: (worker: RunningWorker) => Promise<Result>,
  ): Promise<Result>;
}

/** Runs `fn` with the API as it is deployed, on a database and a lake of its own. */
export function withLake<Result>(
  postgres: BenchPostgres,
  storage: LakeStorage,
  fn: (lake: BenchLake) => Promise<Result>,
): Promise<Result> {
  return withDatabase(postgres, (databaseUrl) =>
    withFolder((folder) => {
      const shared = storage.newLake(folder);
      const changes = { ...shared, MILLRACE_LAKE_CACHE_DIRECTORY: join(folder, "api-cache") };
      return withIngest(databaseUrl, 1, changes, (api) =>
        fn({
          api,
          headers: api.tenants[0] ?? {},
          databaseUrl,
          files: storage.filesOf(folder),
          withWorker: (own, run) => withWorker(databaseUrl, folder, { ...shared, ...own }, run),
        }),
      );
    }),
  );
}

/** How far the tenant's events are. */
export async function readLag({ api, headers }: Pick<BenchLake, "api" | "headers">) {
  const answer = await fetch(`${api.url}/v1/lag`, { headers });
  return (await answer.json()) as { readonly head: number; readonly watermark: number };
}

/** Waits until all that was accepted can be queried. */
export function awaitVisible(lake: Pick<BenchLake, "api" | "headers">): Promise<void> {
  return awaitUntil("Writing what was accepted", async () => {
    const { head, watermark } = await readLag(lake);
    return watermark >= head;
  });
}

/** Runs a query over HTTP; its rows. @throws Error with the answer when it is no success */
export async function queryRows(
  { api, headers }: Pick<BenchLake, "api" | "headers">,
  sql: string,
): Promise<readonly (readonly unknown[])[]> {
  const answer = await fetch(`${api.url}/v1/query`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ sql }),
  });
  if (!answer.ok) throw new Error(`The query was answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { readonly rows: readonly (readonly unknown[])[] }).rows;
}

/** Reads CPU times and how much write-ahead log there is; the function that it answers says what each of `units` cost since. */
export async function startLakeMeter(
  postgres: BenchPostgres,
  api: number,
  worker: number,
): Promise<(units: number) => Promise<Values>> {
  const read = async () => ({
    apiMicros: treeCpuMicros(api),
    workerMicros: treeCpuMicros(worker),
    serverMicros: treeCpuMicros(postgres.pid),
    walBytes: await readWal(postgres),
  });
  const before = await read();
  return async (units) => {
    const after = await read();
    const names = Object.keys(before) as (keyof typeof before)[];
    return Object.fromEntries(names.map((name) => [name, (after[name] - before[name]) / units]));
  };
}

async function readWal({ admin }: BenchPostgres): Promise<number> {
  const [row] = await admin.query<{ bytes: number }>({
    name: "wal position",
    text: "select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 as bytes",
  });
  return row?.bytes ?? 0;
}

/** How many snapshots the tenant's lake has, and how many live files. */
export async function readCatalogue(
  databaseUrl: string,
): Promise<{ readonly snapshots: number; readonly files: number }> {
  const connection = await connectDirectly({ url: databaseUrl });
  try {
    const [row] = await connection.query<{ snapshots: number; files: number }>({
      name: "catalogue",
      text: `select (select coalesce(max(p.snapshot_id), 0)::integer from millrace.event_progress p) as snapshots,
  (select count(*)::integer from millrace.lake_files f where f.end_snapshot is null) as files`,
    });
    return row ?? { snapshots: 0, files: 0 };
  } finally {
    await connection.close();
  }
}
