import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect, onTestFinished, test, vi } from "vitest";

import { askForMaintenance } from "@millrace/core";
import { addTable, startTcpProxy, testDatabase } from "@millrace/storage/testing";

import { composeOn } from "./testing/compose-on.ts";
import { killWorkerProcesses, startWorkerProcess } from "./testing/worker-process.ts";

afterEach(killWorkerProcesses);

/** An object store that takes every connection and never says a word; `requests` are the first lines of what it was asked. */
async function startSilence(): Promise<{ readonly url: string; requests(): readonly string[] }> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    socket.on("data", (chunk) => requests.push(...(/^(?:GET|PUT|HEAD) \S+/.exec(chunk.toString("latin1")) ?? [])));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}

vi.setConfig({ testTimeout: 180_000 });

test.each(["gone", "silent"] as const)(
  "a worker whose object store never answers and whose database is %s ends in its time",
  async (fault) => {
    const { url, database, close } = await testDatabase();
    onTestFinished(close);
    const folder = await mkdtemp(join(tmpdir(), "millrace-worker-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const line = await startTcpProxy({ port: Number(new URL(url).port) });
    onTestFinished(() => line.close());
    const silence = await startSilence();

    const { tables, bus, store, close: closeParts } = await composeOn(url);
    onTestFinished(closeParts);
    // Something to do for all that writes: an event, a finished job and, below, files to merge and a sweep.
    const { tableId, tenantNo } = await addTable(tables, { tenantId: "default" });
    const payloadHash = "00000000-0000-4000-8000-000000000000";
    await bus.publish(tenantNo, [
      { tableId, version: 1, op: "insert", key: "k", payload: '{"n":1}', payloadHash, eventTime: undefined },
    ]);
    await database.query({
      name: "test",
      text: `insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, scheduled_at,
        created_at, updated_at, completed_at, tags, errors, payload)
      values (gen_random_uuid(), 'default', 'q', 't', 'completed', 0, 1, 1, 1, now(), now(), now(), now(), '{}', '[]', '{}')`,
    });

    const merged = {
      name: "test",
      text: `insert into millrace.lake_files (tenant_no, table_id, version, path, begin_snapshot, row_count, file_bytes, content_hash, min_offset, max_offset,
        min_ingested_at, max_ingested_at, column_stats)
      select $1, $2, 1, 'merged/' || n || '.parquet', 0, 1, 1000, '', n, n, now(), now(), '{}' from generate_series(1, 10) n`,
    };
    await database.query(merged, [tenantNo, tableId]);

    const worker = startWorkerProcess(
      {
        DATABASE_URL: line.through(url),
        MILLRACE_WORKER_SHUTDOWN_GRACE_MS: "1s",
        // As in production: they end what the silence holds up.
        MILLRACE_DATABASE_STATEMENT_TIMEOUT_MS: "5s",
        MILLRACE_DATABASE_LOCK_TIMEOUT_MS: "1s",
        MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: "5s",
        MILLRACE_DATABASE_ACQUIRE_TIMEOUT_MS: "1s",
        MILLRACE_LAKE_STORE: "s3",
        MILLRACE_LAKE_S3_ENDPOINT: silence.url,
        MILLRACE_LAKE_S3_BUCKET: "lake",
        MILLRACE_LAKE_S3_ACCESS_KEY_ID: "key",
        MILLRACE_LAKE_S3_SECRET_ACCESS_KEY: "secret",
        MILLRACE_LAKE_S3_FORCE_PATH_STYLE: "true",
        MILLRACE_LAKE_CACHE_DIRECTORY: join(folder, "cache"),
      },
      folder,
    );
    await worker.wrote("The worker is starting");
    const actor = { tenantId: "default", scopes: ["*" as const] };
    for (const kind of ["orphans", "compaction"] as const) {
      await askForMaintenance({ actor, store, tableStore: tables }, { kind, request: {} });
    }
    // The event's upload, that of the history, the sweep's listing, and a file to merge.
    const asked = (what: RegExp) => silence.requests().filter((request) => what.test(request)).length;
    const under = () => [asked(/^PUT /) > 1, asked(/^GET .*list-type/) > 0, asked(/^GET .*merged/) > 0];
    await vi.waitFor(() => expect(under()).toEqual([true, true, true]), { timeout: 60_000 });
    if (fault === "gone") await line.close();
    else line.blackHole();
    worker.child.kill("SIGTERM");
    // Its grace is a second, and what the process allows itself to close 15; what it waits for would never come.
    const late = AbortSignal.timeout(30_000);
    expect(await Promise.race([worker.ended, once(late, "abort").then(() => "late")])).toBe(0);
    expect(worker.output()).toContain("The worker is stopping");
    expect(worker.output()).not.toContain("ignored its aborted signal");
  },
);
