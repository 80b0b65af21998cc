import { Readable } from "node:stream";

import { expect, onTestFinished, test, vi } from "vitest";

import { MillraceError } from "@millrace/contract";
import type { QueryEngine, QueryInput, QueryResult } from "@millrace/lake/query";
import type { AcquiredFiles, FileCache } from "@millrace/storage";
import { inSpan } from "@millrace/telemetry";
import { recordSpans, type SpanRecorder } from "@millrace/telemetry/testing";

import type { QueryCtx } from "./context.ts";
import { runQuery } from "./run-query.ts";
import { createTurns } from "./turns.ts";
import { createUnreadResults } from "./unread-results.ts";

const limits = {
  timeoutMs: 60_000,
  timeoutMsMax: 60_000,
  rowsMax: 10,
  bytesMax: 1_000,
  consistencyTimeoutMs: 0,
  consistencyTimeoutMsMax: 0,
};

function ctxOf(run: QueryEngine["run"], more: Partial<QueryCtx> = {}): QueryCtx {
  return {
    actor: { tenantId: "t", keyId: "k", scopes: ["query:read"] },
    tables: { tablesOf: () => Promise.resolve([]), columnsOf: () => Promise.resolve(undefined) },
    lake: { snapshot: () => Promise.resolve(undefined) },
    files: { acquire: () => Promise.resolve({ localPaths: [], release: () => undefined }) },
    engine: { run },
    turns: createTurns({ concurrency: 1, concurrencyPerTenant: 1, queueMax: 10, queueTimeoutMs: 60_000 }),
    unread: createUnreadResults(limits),
    limits,
    ...more,
  } as unknown as QueryCtx;
}

const query = (ctx: QueryCtx, timeoutMs = 60_000) =>
  runQuery(ctx, { request: { sql: "select 1", timeoutMs }, format: "json" });

test("files that come when the query is over already are released at once, and its turn is free before", async () => {
  const acquired = Promise.withResolvers<AcquiredFiles>();
  const release = vi.fn<() => void>();
  const stopped = async ({ tables, open }: QueryInput): Promise<never> => {
    void open?.(tables.slice(0, 1), new AbortController().signal);
    await Promise.resolve();
    throw new MillraceError("QUERY_TIMEOUT", "late");
  };
  const ctx = ctxOf(stopped, { files: { acquire: () => acquired.promise } as unknown as FileCache });
  await expect(query(ctx)).rejects.toMatchObject({ code: "QUERY_TIMEOUT" });
  (await ctx.turns.take("t"))();
  expect(release).not.toHaveBeenCalled();
  acquired.resolve({ localPaths: [], release });
  await vi.waitFor(() => expect(release).toHaveBeenCalledOnce());
});

test("the time of a query counts while it waits for its turn", async () => {
  const run = vi.fn<QueryEngine["run"]>();
  const ctx = ctxOf(run);
  const end = await ctx.turns.take("t");
  await expect(query(ctx, 20)).rejects.toMatchObject({ code: "QUERY_TIMEOUT" });
  expect(run).not.toHaveBeenCalled();
  end();
});

function recorderOfTest(): SpanRecorder {
  const recorder = recordSpans();
  onTestFinished(() => recorder.close());
  return recorder;
}

test("the spans of a query say what it ran on and what came of it, and not what it asked for", async () => {
  const recorder = recorderOfTest();
  const result = { rowCount: 2, bytes: 17, body: Readable.from([]) } as unknown as QueryResult;
  const lake = { snapshot: () => Promise.resolve({ snapshotId: 5 }) } as unknown as QueryCtx["lake"];
  await inSpan("POST /v1/query", { kind: "server" }, () => query(ctxOf(() => Promise.resolve(result), { lake })));
  const [request] = recorder.named("POST /v1/query");
  expect(recorder.tree(request?.traceId ?? "")).toEqual(["POST /v1/query", "  query", "    execute"]);
  expect(recorder.named("query")).toMatchObject([
    { kind: "internal", failed: false, attributes: { "millrace.tenant": "t", "millrace.snapshot.id": 5 } },
  ]);
  expect(recorder.named("execute").map((span) => [span.kind, span.attributes])).toEqual([
    [
      "client",
      {
        "db.system.name": "duckdb",
        "db.operation.name": "SELECT",
        "db.response.returned_rows": 2,
        "millrace.result.bytes": 17,
      },
    ],
  ]);
});

test("a query that fails fails its spans with the error's code", async () => {
  const recorder = recorderOfTest();
  const ctx = ctxOf(() => Promise.reject(new MillraceError("QUERY_INVALID", "no such column: card_4111")));
  await expect(query(ctx)).rejects.toMatchObject({ code: "QUERY_INVALID" });
  const failure = { failed: true, attributes: { "error.type": "QUERY_INVALID" } };
  expect(recorder.named("query")).toMatchObject([failure]);
  expect(recorder.named("execute")).toMatchObject([failure]);
  expect(JSON.stringify(recorder.spans())).not.toContain("4111");
});
