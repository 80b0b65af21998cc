import type { Writable } from "node:stream";

import { MillraceError } from "@millrace/contract";

import type { Database } from "../database.ts";
import type { HistoryPage } from "./history-store.ts";
import { attemptBytes, exportedAttemptColumns, exportedJobColumns, jobBytes } from "./page-columns.ts";

/** Of each step: so nothing waits for ever, and a page may take long. */
const timeoutMs = 300_000;

/**
 * Streams a page's jobs and attempts, both as one moment has them: a job that is retried leaves history and leaves its attempt behind in the same transaction, so
 * an attempt is seen with its job or by itself, never twice and never not at all.
 */
export async function copyPage(
  db: Pick<Database, "connect">,
  page: HistoryPage,
  { jobs, attempts }: { readonly jobs: Writable; readonly attempts: Writable },
): Promise<void> {
  const session = await db.connect();
  try {
    await session.exec(
      "begin isolation level repeatable read read only; set local enable_seqscan = off; set local jit = off; set local datestyle = 'ISO'; set local timezone = 'UTC'",
      { timeoutMs },
    );
    await session.copyTo(copyText("job_history", exportedJobColumns, jobBytes, page), jobs, { timeoutMs });
    await session.copyTo(copyText("job_attempts", exportedAttemptColumns, attemptBytes, page), attempts, { timeoutMs });
    await session.exec("commit", { timeoutMs });
  } finally {
    await session.close();
  }
}

/**
 * COPY takes no parameters. What is new since a snapshot is of a transaction that it had not begun yet, or of one that it saw under way: two ranges of one index.
 * The text goes to the server as it is, so it is made of what PostgreSQL itself has written of snapshots, checked once more, and of constants.
 */
function copyText(
  table: "job_history" | "job_attempts",
  columns: Readonly<Record<string, string>>,
  bytes: string,
  page: HistoryPage,
): string {
  const from = snapshotParts(page.fromSnapshot);
  const to = snapshotParts(page.toSnapshot);
  const isSeen = `pg_visible_in_snapshot(r.xact_id, '${to.text}')`;
  // The upkeep of a lake that goes well would be a reason for more of it: new files, snapshots that expire, and jobs that see to both.
  const isWanted =
    table === "job_history"
      ? " and not (r.queue = 'system.lake' and r.status = 'completed')"
      : " and not (r.queue is not distinct from 'system.lake' and r.outcome = 'completed')";
  const select = (condition: string) =>
    `select r.*, ${bytes} as bytes from millrace.${table} r where ${condition} and ${isSeen}${isWanted}`;
  const parts = [
    select(`r.xact_id >= '${from.xmax}' and r.xact_id < '${to.xmax}'`),
    ...(from.xip === "" ? [] : [select(`r.xact_id = any('{${from.xip}}')`)]),
  ];
  const rows = `select p.*, sum(p.bytes) over (rows unbounded preceding) as bytes_so_far from (${parts.join(" union all ")}) p`;
  return `copy (select ${Object.values(columns).join(", ")} from (${rows}) r) to stdout (format csv, encoding 'UTF8')`;
}

function snapshotParts(text: string) {
  const parts = /^\d+:(?<xmax>\d+):(?<xip>[\d,]*)$/.exec(text)?.groups;
  if (parts === undefined) throw new MillraceError("INTERNAL", `This is no snapshot: ${text}`);
  return { text, xmax: parts["xmax"] ?? "", xip: parts["xip"] ?? "" };
}
