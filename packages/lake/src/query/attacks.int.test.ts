import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type Column, MillraceError } from "@millrace/contract";
import { silentLogger } from "@millrace/telemetry";

import { createPool } from "./children/create-pool.ts";
import { createQueryEngine } from "./create-query-engine.ts";
import type { QueryTable } from "./query-table.ts";
import type { QueryEngine, QueryInput } from "./query-types.ts";
import { execute } from "./run-in-child.ts";
import { attacks } from "./testing/attacks.ts";
import { bombs } from "./testing/bombs.ts";
import { createLakeFolder, type LakeFolder } from "./testing/lake-folder.ts";

const canary = "CANARY-of-somebody-else";
const columns: readonly Column[] = [
  { fieldId: 1, name: "id", type: "int64", nullable: false },
  { fieldId: 2, name: "s", type: "varchar", nullable: true },
];
const memoryBytes = 256 * 1024 * 1024;

let folder: LakeFolder;
let paths: Readonly<Record<"own" | "other" | "secret" | "dir", string>>;
let tables: readonly QueryTable[];

beforeAll(async () => {
  folder = await createLakeFolder();
  const own = await folder.write("own.parquet", columns, "select range, 'mine ' || range from range(1000)");
  const other = await folder.write("other.parquet", columns, `select range, '${canary}' from range(1000)`);
  const secret = join(folder.dir, "secret.txt");
  await writeFile(secret, canary);
  paths = { own, other, secret, dir: folder.dir };
  tables = [
    { name: "t", columns, primaryKey: [], files: [{ localPath: own, version: 1 }] },
    { schema: "system", name: "jobs", columns, primaryKey: [], files: [] },
  ];
});
afterAll(() => folder.remove());

/** Names and contents of everything in the folder. */
async function fingerprint(): Promise<string> {
  const names = (await readdir(folder.dir)).toSorted();
  const hash = createHash("sha256");
  for (const name of names) hash.update(name).update(await readFile(join(folder.dir, name)));
  return hash.digest("hex");
}

function filled(sql: string): string {
  return sql.replaceAll(/\{(own|other|secret|dir)\}/g, (_, name: keyof typeof paths) => paths[name]);
}

/** What somebody learns from an answer or an error. */
function tells(answer: string): string[] {
  return [canary, folder.dir, "root:", "millrace-query-", "read_parquet([", "allowed_paths ="].filter((secret) =>
    answer.includes(secret),
  );
}

describe("with all layers", () => {
  let engine: QueryEngine;
  beforeAll(async () => {
    engine = createQueryEngine({ children: 2, threads: 1, memoryBytes, timeoutMsMax: 10_000 });
    await engine.ready();
  });
  afterAll(() => engine.close());

  const ask = (sql: string, timeoutMs = 10_000, open?: QueryInput["open"]): Promise<string> =>
    engine
      .run({
        tables,
        open,
        sql,
        params: sql.includes("$1") ? [paths.secret] : [],
        timeoutMs,
        rowLimit: 10_000,
        bytesMax: 5_000_000,
        format: "json",
      })
      .then(({ body }) => text(body));

  it("knows at least 150 attacks", () => {
    expect(new Set(attacks.map(({ sql }) => sql)).size).toBeGreaterThanOrEqual(150);
  });

  it("lets a query read its own tables", async () => {
    expect(await ask("select count(*), max(s) from t")).toBe('[[1000,"mine 999"]]');
  });

  it("refuses every attack before it runs, with a code and without a path", async () => {
    const before = await fingerprint();
    const slipped: string[] = [];
    for (const { sql } of attacks) {
      let admitted = false;
      const answer = await ask(filled(sql), 10_000, (used) => {
        admitted = true;
        return Promise.resolve(used);
      }).catch((error: unknown) => error);
      const isRefused =
        answer instanceof MillraceError && (answer.code === "QUERY_FORBIDDEN" || answer.code === "QUERY_INVALID");
      // A name that the query itself holds may be said back to it.
      const learnt = isRefused ? tells(answer.message.replaceAll(paths.dir, "")) : ["everything"];
      if (!isRefused || admitted || learnt.length > 0) slipped.push(`${sql} => ${String(answer)} ${learnt.join()}`);
    }
    expect(slipped).toEqual([]);
    expect(await fingerprint()).toBe(before);
    expect(await ask("select count(*) from t")).toBe("[[1000]]");
  });

  it("ends every bomb in its time while other queries go on, in bounded memory", { timeout: 300_000 }, async () => {
    const timeoutMs = 1_000;
    const outcomes: string[] = [];
    const bystanders: string[] = [];
    for (const bomb of bombs) {
      const exploding = ask(bomb, timeoutMs).then(
        () => "answered",
        (error: unknown) => (error instanceof MillraceError ? error.code : String(error)),
      );
      bystanders.push(await ask("select count(*) from t"));
      outcomes.push(await exploding);
    }
    const fair = ["answered", "QUERY_INVALID", "QUERY_TIMEOUT", "QUERY_TOO_LARGE", "RESULT_TOO_LARGE"];
    expect(bombs.filter((_, index) => !fair.includes(outcomes[index] ?? ""))).toEqual([]);
    expect(new Set(bystanders)).toEqual(new Set(["[[1000]]"]));
    await vi.waitFor(() => expect(engine.stats()).toMatchObject({ idle: 2, busy: 0, waiting: 0 }), 20_000);
    expect(process.memoryUsage.rss()).toBeLessThan(1_500 * 1024 * 1024);
  });
});

describe("without the gate", () => {
  it("the sandbox alone gives nothing of others away, and changes no file", { timeout: 300_000 }, async () => {
    const pool = createPool({
      children: 1,
      waitingMax: 1,
      threads: 1,
      memoryBytes,
      fileBytesMax: 16 * 1024 * 1024,
      logger: silentLogger,
    });
    await pool.ready();
    const before = await fingerprint();
    const slipped: string[] = [];
    let id = 0;
    for (const attack of attacks.filter(({ gateOnly }) => gateOnly !== true)) {
      id += 1;
      const sql = filled(attack.sql);
      const child = await pool.borrow(new AbortController().signal);
      const query = {
        tables,
        sql,
        params: sql.includes("$1") ? [paths.secret] : [],
        id,
        outPath: `${folder.dir}-out`,
        timeoutMs: 0,
        rowLimit: 100,
        bytesMax: 1e6,
        format: "json",
      } as const;
      const answer = await execute(child, query, sql, tables)
        .then(({ body }) => text(body))
        .catch(String);
      pool.giveBack(child);
      if (answer.includes(canary) || answer.includes("root:")) slipped.push(`${sql} => ${answer}`);
    }
    await pool.close();
    expect(slipped).toEqual([]);
    expect(await fingerprint()).toBe(before);
  });
});
