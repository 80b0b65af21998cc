import { readFileSync } from "node:fs";

import type { ChildAnswer, ChildRequest, ChildSettings } from "../protocol.ts";
import { ParamError } from "./bind-params.ts";
import { failureOf, StatementError } from "./failure-of.ts";
import { type Instance, openInstance } from "./open-instance.ts";
import { runQuery } from "./run-query.ts";

// The program of a child: one request at a time, a fresh instance for each query. All it knows comes over the channel.

const settings = JSON.parse(process.argv[2] ?? "{}") as ChildSettings;
const pageBytes = 4_096;
const treeLengthMax = 4_000_000;
let initialBytes: number | undefined;
let instance: Instance | undefined;
/** The query that runs, and the last one that was to stop: a late interrupt must not meet the next query. */
let running = 0;
let stopped = 0;

// The parent is gone; a running statement would keep an orderly exit waiting.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.on("message", (request: ChildRequest) => {
  if (request.kind === "interrupt") {
    stopped = request.id;
    if (running === request.id) instance?.connection.interrupt();
  } else {
    void answer(request);
  }
});
await refresh();

async function answer(request: Exclude<ChildRequest, { kind: "interrupt" }>): Promise<void> {
  if (instance === undefined) throw new Error("A request came before the child was ready.");
  try {
    if (request.kind === "parse") {
      send({ kind: "parsed", trees: await parse(instance, request.statements) });
      return;
    }
    running = request.id;
    send({ kind: "done", answer: await runQuery(instance, request, () => stopped === running) });
  } catch (error) {
    const type = error instanceof ParamError ? { type: "Parameter", message: error.message } : failureOf(error);
    send({ kind: "failed", failure: type });
  }
  await refresh();
}

async function parse({ connection }: Instance, statements: readonly string[]): Promise<readonly string[]> {
  const trees: string[] = [];
  for (const statement of statements) {
    const reader = await connection.runAndReadAll(
      "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true)::VARCHAR",
      [statement],
    );
    const tree = String(reader.getRows()[0]?.[0]);
    // The parent reads it on the thread that answers everybody.
    if (tree.length > treeLengthMax) throw new StatementError("Parser", "The query is too complex.");
    trees.push(tree);
  }
  return trees;
}

async function refresh(): Promise<void> {
  instance?.close();
  running = 0;
  instance = await openInstance(settings);
  const heldBytes = held();
  initialBytes ??= heldBytes;
  send({ kind: "ready", grownBytes: heldBytes - initialBytes });
}

/** What counts against the limit of the process: data that may be written, resident or not. */
function held(): number {
  if (process.platform !== "linux") return process.memoryUsage.rss();
  return Number(readFileSync("/proc/self/statm", "utf8").split(" ")[5]) * pageBytes;
}

function send(message: ChildAnswer): void {
  process.send?.(message);
}
