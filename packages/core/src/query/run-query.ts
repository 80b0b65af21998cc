import { MillraceError, type QueryRequest, queryRequestSchema, type ResultFormatName } from "@millrace/contract";
import type { QueryInput, QueryResult } from "@millrace/lake/query";
import type { EventTable, Snapshot } from "@millrace/storage";
import { inSpan, type Span, spanAttributes } from "@millrace/telemetry";

import { requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import { chooseSnapshot } from "./choose-snapshot.ts";
import type { QueryCtx } from "./context.ts";
import { startDeadline } from "./deadline.ts";
import { type OpenTables, openTables, toQueryTable } from "./open-files.ts";
import { withSystemTables } from "./with-system-tables.ts";

export interface QueryAnswer {
  readonly result: QueryResult;
  /** What it was run on; undefined for a tenant that never had a table. */
  readonly snapshot: Snapshot | undefined;
  /** Files that the query could read. */
  readonly files: number;
}

export interface QueryRunInput {
  readonly request: QueryRequest;
  readonly format: ResultFormatName;
}

/**
 * Runs one SELECT over the tenant's tables as they were in one snapshot. The result is complete before its first byte is read: end its body, or destroy it.
 * @throws FORBIDDEN, VALIDATION_FAILED, RATE_LIMITED, what `chooseSnapshot`, `openTables` and the query engine throw
 */
export async function runQuery(ctx: QueryCtx, input: QueryRunInput): Promise<QueryAnswer> {
  requireScope(ctx, "query:read");
  const attributes = { [spanAttributes.millraceTenant]: ctx.actor.tenantId };
  return inSpan("query", { attributes }, (span) => run(ctx, input, span));
}

async function run(ctx: QueryCtx, { request, format }: QueryRunInput, span: Span): Promise<QueryAnswer> {
  const { sql, params, timeoutMs, rowLimit, ...choice } = parse(queryRequestSchema, request);
  const { limits, signal } = ctx;
  const { tenantId } = ctx.actor;
  requireAtMost("consistencyTimeoutMs", choice.consistencyTimeoutMs, limits.consistencyTimeoutMsMax);
  requireAtMost("timeoutMs", timeoutMs, limits.timeoutMsMax);
  requireAtMost("rowLimit", rowLimit, limits.rowsMax);
  ctx.unread.requireRoom(tenantId);
  const snapshot = await chooseSnapshot(ctx, choice);
  span.set({ [spanAttributes.millraceSnapshotId]: snapshot?.snapshotId });
  const deadlineMs = timeoutMs ?? limits.timeoutMs;
  const deadline = startDeadline(deadlineMs, signal);
  const startedMs = performance.now();
  let endTurn: (() => void) | undefined;
  let opened: OpenTables | undefined;
  let isDone = false;
  let isOver = false;
  try {
    endTurn = await ctx.turns.take(tenantId, deadline.signal);
    const tables = withSystemTables(tenantId, await ctx.tables.tablesOf(tenantId)).filter((table) =>
      isReadable(ctx, table),
    );
    const named = new Map(tables.map((table) => [toQueryTable(table), table]));
    const result = await execute(ctx, {
      tables: [...named.keys()],
      async open(used, stopped) {
        const wanted = used.map((table) => named.get(table)).filter((table) => table !== undefined);
        opened = await openTables(ctx, { snapshot, tables: wanted, signal: stopped });
        // The engine does not wait for them when the query has been stopped meanwhile.
        if (isOver) opened.release();
        return opened.tables;
      },
      sql,
      params,
      timeoutMs: deadlineMs,
      rowLimit: rowLimit ?? limits.rowsMax,
      bytesMax: limits.bytesMax,
      format,
      signal: deadline.signal,
    });
    ctx.unread.add(tenantId, result);
    isDone = true;
    return { result, snapshot, files: opened?.files ?? 0 };
  } finally {
    ctx.metrics?.querySeconds.observe({ outcome: isDone ? "ok" : "error" }, (performance.now() - startedMs) / 1_000);
    isOver = true;
    deadline.end();
    opened?.release();
    endTurn?.();
  }
}

/** Runs the statement in the span of a database's client. It is the user's, so it isn't shown. */
function execute({ engine }: QueryCtx, input: QueryInput): Promise<QueryResult> {
  const attributes = { [spanAttributes.dbSystemName]: "duckdb", [spanAttributes.dbOperationName]: "SELECT" };
  return inSpan("execute", { kind: "client", attributes }, async (span) => {
    const result = await engine.run(input);
    span.set({
      [spanAttributes.dbResponseReturnedRows]: result.rowCount,
      [spanAttributes.millraceResultBytes]: result.bytes,
    });
    return result;
  });
}

/** A key that is bound to tables reads those; the history of jobs is not for one that is bound to queues. */
function isReadable({ actor }: QueryCtx, { name, system }: EventTable): boolean {
  return (actor.tables?.includes(name) ?? true) && !(system && actor.queues !== undefined);
}

function requireAtMost(path: string, value: number | undefined, max: number): void {
  if (value === undefined || value <= max) return;
  throw new MillraceError("VALIDATION_FAILED", `${path} is too large.`, {
    errors: [{ path, code: "too_big", message: `At most ${max}.` }],
  });
}
