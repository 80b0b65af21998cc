import { readdir, readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { silentLogger } from "@millrace/telemetry";

import { startChild } from "./children/start-child.ts";
import { createQueryEngine } from "./create-query-engine.ts";
import type { QueryEngine } from "./query-types.ts";

const settings = { threads: 1, memoryBytes: 256 << 20 };
const input = { tables: [], timeoutMs: 60_000, rowLimit: 10, bytesMax: 1_000_000, format: "json" } as const;
const isLinux = process.platform === "linux";

/** Processes that this one has started. */
async function childPids(): Promise<readonly number[]> {
  const tasks = await readdir("/proc/self/task");
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/self/task/${task}/children`, "utf8").catch(() => "")),
  );
  return lists
    .flatMap((list) => list.trim().split(" "))
    .filter((pid) => pid !== "")
    .map(Number);
}

describe.runIf(isLinux)("a child", () => {
  it("has no environment, no terminal, and limits on memory and files", async () => {
    const child = startChild({ ...settings, fileBytesMax: 1_048_576 });
    await child.ready();
    const environment = await readFile(`/proc/${child.pid}/environ`, "utf8");
    const limits = await readFile(`/proc/${child.pid}/limits`, "utf8");
    child.kill();
    await child.exited;
    const names = environment.split("\0").map((entry) => entry.split("=")[0]);
    expect(
      names.filter(
        (name) =>
          name !== "" &&
          name !== "PWD" &&
          !name?.startsWith("NODE_CHANNEL") &&
          name !== "_" &&
          name !== "SHLVL" &&
          name !== "OLDPWD",
      ),
    ).toEqual([]);
    expect(limits).toMatch(/Max file size\s+1048576\s+1048576/);
    expect(limits).toMatch(/Max data size\s+1073741824\s+1073741824/);
    expect(limits).toMatch(/Max core file size\s+0\s+0/);
  });
});

describe.runIf(isLinux)("when children end", () => {
  let engine: QueryEngine;
  beforeAll(async () => {
    engine = createQueryEngine({ ...settings, children: 2, timeoutMsMax: 60_000, logger: silentLogger });
    await engine.ready();
  });
  afterAll(() => engine.close());

  it("the query of a killed process has a clean error, and others take its place", async () => {
    const before = await childPids();
    const query = engine.run({ ...input, sql: "select count(*) from range(1000000000000)" });
    let isOver = false;
    const failed = query.catch((error: unknown) => error).finally(() => (isOver = true));
    // A process that ends while it only checks a statement costs nothing: another one checks it. Then the one that runs it is ended.
    await vi.waitFor(
      async () => {
        const { busy, idle } = engine.stats();
        if (busy === 1 && idle === 1) for (const pid of await childPids()) process.kill(pid, "SIGKILL");
        expect(isOver).toBe(true);
      },
      { timeout: 20_000, interval: 300 },
    );
    expect(await failed).toMatchObject({ code: "QUERY_TOO_LARGE" });
    const result = await engine.run({ ...input, sql: "select 1" });
    expect(await text(result.body)).toBe("[[1]]");
    await vi.waitFor(() => expect(engine.stats()).toMatchObject({ idle: 2, busy: 0 }));
    expect((await childPids()).filter((pid) => before.includes(pid))).toEqual([]);
  });

  it("no file stays open and no process stays behind, whatever queries do", async () => {
    const work = async (): Promise<void> => {
      const outcomes = [
        "select 1",
        "select nope",
        "select repeat('x', 1000000)",
        "select len(range(1000000000))",
        "copy x to 'y'",
      ].map((sql) =>
        engine
          .run({ ...input, sql })
          .then(({ body }) => text(body))
          .catch(() => undefined),
      );
      await Promise.all(outcomes);
      await engine
        .run({ ...input, sql: "select count(*) from range(1000000000000)", timeoutMs: 50 })
        .catch(() => undefined);
      await vi.waitFor(() => expect(engine.stats()).toMatchObject({ idle: 2, busy: 0, waiting: 0 }));
    };
    await work();
    const open = (await readdir("/proc/self/fd")).length;
    for (let round = 0; round < 5; round += 1) await work();
    await vi.waitFor(async () => expect((await readdir("/proc/self/fd")).length).toBeLessThanOrEqual(open));
    expect(await childPids()).toHaveLength(2);
  }, 180_000);

  it("closing ends all of them", async () => {
    const other = createQueryEngine({ ...settings, children: 1, timeoutMsMax: 60_000 });
    const before = await childPids();
    await other.close();
    expect((await childPids()).length).toBe(before.length - 1);
    await expect(other.run({ ...input, sql: "select 1" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
