import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { runMillrace } from "./run-millrace.ts";
import { runProcess, runToEnd } from "./testing/run-process.ts";
import { type RunningDev, startDev } from "./testing/start-dev.ts";

// Each test starts processes, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let folder = "";
let dev: RunningDev;
let token = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-query-"));
  await chmod(folder, 0o755);
  dev = await startDev([], { cwd: folder });
  await dev.client.tables.create({
    name: "orders",
    columns: [
      { name: "id", type: "int64" },
      { name: "city", type: "varchar" },
    ],
  });
  const payloads = [
    { id: 1, city: "京都" },
    { id: 9_007_199_254_740_993n, city: null },
    { id: 3, city: "Oslo" },
  ];
  const answer = await dev.client.ingest(
    "orders",
    payloads.map((payload) => ({ payload: payload as never })),
  );
  token = answer.visibilityToken ?? "";
});

afterAll(async () => {
  dev.kill("SIGTERM");
  await dev.exited;
  await rm(folder, { recursive: true });
});

/** In the folder that the server was started in, as a process of its own. */
const run = (...args: readonly string[]) => runToEnd(["query", ...args], { cwd: folder });

/** As on a terminal. */
async function show(...args: readonly string[]) {
  let output = "";
  let errors = "";
  const code = await runMillrace(["query", ...args], {
    stdout: { write: (text) => (output += String(text)), isTTY: true },
    stderr: { write: (text) => (errors += String(text)) },
    env: {},
    cwd: folder,
    signal: new AbortController().signal,
  });
  return { code, output, errors };
}

describe("millrace query, beside a running millrace dev", () => {
  test("finds it by itself, waits for a token, and writes lines of JSON to a program", async () => {
    const sql = "select id, city from orders order by id";
    expect(await run(sql, "--token", token)).toEqual({
      code: 0,
      output: '{"id":1,"city":"京都"}\n{"id":3,"city":"Oslo"}\n{"id":"9007199254740993","city":null}\n',
      errors: "",
    });
  });

  test("shows a person a table, with parameters of its SQL", async () => {
    const sql = "select city, id from orders where id <= $most order by id";
    const { code, output, errors } = await show(sql, "--param", "most=9007199254740992", "--token", token);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(output).toMatch(
      /│ city │ id │\n├──────┼────┤\n│ 京都 │ {2}1 │\n│ Oslo │ {2}3 │\n└──────┴────┘\n2 rows of snapshot \d+\n$/,
    );
  });

  test("writes files of every format, whole or not at all", async () => {
    const sql = "select id from orders order by id limit 1";
    for (const name of ["rows.csv", "rows.json", "rows.parquet"]) {
      expect(await run(sql, "--output", name)).toMatchObject({ code: 0, output: "" });
    }
    expect(await readFile(join(folder, "rows.csv"), "utf8")).toBe("id\n1\n");
    expect(JSON.parse(await readFile(join(folder, "rows.json"), "utf8"))).toMatchObject({ rows: [[1]] });
    expect((await readFile(join(folder, "rows.parquet"))).subarray(0, 4).toString()).toBe("PAR1");
    await writeFile(join(folder, "kept.csv"), "as it was");
    expect(await run("select nope", "--output", "kept.csv")).toMatchObject({ code: 1 });
    expect(await readFile(join(folder, "kept.csv"), "utf8")).toBe("as it was");
    expect((await readdir(folder)).toSorted()).toEqual([
      ".millrace",
      "kept.csv",
      "rows.csv",
      "rows.json",
      "rows.parquet",
    ]);
    expect((await run(sql, "--output", "missing/rows.csv")).errors).toMatch(/its folder does not exist/);
  });

  test("looks back: at a snapshot by its id, and at one by its time", async () => {
    const [first] = (await dev.client.snapshots.list()).items;
    const count = "select count(*)::int as n from orders";
    await dev.client.ingest("orders", [{ payload: { id: 4 } }], {
      waitForVisibility: true,
      visibilityTimeoutMs: 60_000,
    });
    expect((await run(count)).output).toBe('{"n":4}\n');
    expect((await run(count, "--snapshot", String(first?.snapshotId))).output).toBe('{"n":3}\n');
    expect((await run(count, "--snapshot", first?.snapshotTime ?? "")).output).toBe('{"n":3}\n');
  });

  test("says what is wrong with SQL where it is wrong, and fails", async () => {
    expect(await run("select id\nfrom oders")).toEqual({
      code: 1,
      output: "",
      errors: 'millrace: QUERY_INVALID: Line 2, column 6: There is no table "oders".\n  2 | from oders\n           ^\n',
    });
  });

  test("tells a program that there were more rows, without touching them", async () => {
    const { code, output, errors } = await run("select * from range(10)", "--row-limit", "2");
    expect({ code, output }).toEqual({ code: 0, output: '{"range":0}\n{"range":1}\n' });
    expect(errors).toMatch(/^millrace: There are more rows than these; /);
    expect((await show("select * from range(2000)")).output).toMatch(/1,000 rows .*there are more/);
  });

  test("ends quietly when its reader has seen enough", async () => {
    const { PATH = "" } = process.env;
    const millrace = [process.execPath, "--conditions=@millrace/source", new URL("main.ts", import.meta.url).pathname];
    const { promise, resolve } = Promise.withResolvers<string>();
    const line = `"$@" query 'select * from range(100000)' | head -n 1; echo "\${PIPESTATUS[@]}"`;
    execFile("bash", ["--norc", "-c", line, "bash", ...millrace], { cwd: folder, env: { PATH } }, (_, stdout, stderr) =>
      resolve(stderr + stdout),
    );
    expect(await promise).toBe('{"range":0}\n0 0\n');
  });

  test("asks the API that the environment names, whose refusal of its key it passes on", async () => {
    const env = { MILLRACE_URL: dev.url, MILLRACE_API_KEY: "wrong" };
    const { code, errors } = await runToEnd(["query", "select 1"], { env });
    expect(code).toBe(1);
    expect(errors).toMatch(/^millrace: UNAUTHENTICATED: /);
  });

  test("ends with 75 where the same may work later", async () => {
    const late = await run("select 1", "--url", "http://127.0.0.1:9", "--api-key", "x");
    expect(late).toMatchObject({
      code: 75,
      output: "",
      errors: "millrace: NO_ANSWER: http://127.0.0.1:9 could not be reached.\n",
    });
  });

  test("stops on Ctrl-C while it waits, and lets go of the API", async () => {
    const asked = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const silent = createServer((request, response) => {
      response.on("close", () => left.resolve());
      request.resume().on("end", () => asked.resolve());
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const query = runProcess(["query", "select 1", "--url", `http://127.0.0.1:${port}`, "--api-key", "x"]);
    await asked.promise;
    query.kill("SIGINT");
    expect((await query.exited).code).toBe(130);
    await left.promise;
    silent.close();
    expect(query.output() + query.errors()).toBe("");
  });
});
