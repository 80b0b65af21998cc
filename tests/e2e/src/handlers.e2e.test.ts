import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { startApi } from "./processes/start-api.ts";
import { startProcess } from "./processes/start-process.ts";
import { startWorker } from "./processes/start-worker.ts";
import { finished } from "./testing/observe.ts";
import { type Stage, openStage } from "./testing/stage.ts";

const readme = new URL("../../../README.md", import.meta.url);

/** A module in the stage's folder, where `@millrace/core` is installed as in a user's own package. */
async function writeModule(stage: Stage, name: string, text: string): Promise<void> {
  const installed = fileURLToPath(new URL("../node_modules", import.meta.url));
  await symlink(installed, join(stage.folder, "node_modules")).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
  await writeFile(join(stage.folder, name), text);
}

/** A program that can't start: how it ended, and what it said. */
async function runToEnd(
  stage: Stage,
  app: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
) {
  const started = stage.keep(
    startProcess({ name: app, program: `apps/${app}/src/main.ts`, args, cwd: stage.folder, env }),
  );
  return { exit: await started.exited, said: started.output() };
}

describe("a handler of one's own", () => {
  test("runs as the README writes it, once its module is named in the configuration", async (context) => {
    const stage = await openStage(context);
    const text = [...(await readFile(readme, "utf8")).matchAll(/^```ts\n([^]*?)^```$/gm)]
      .map(([, code]) => code ?? "")
      .find((code) => code.includes("defineJob"))!;
    const type = /type: "(.+?)"/.exec(text)![1]!;
    await writeModule(stage, "jobs.ts", text);
    const { url: databaseUrl } = await stage.database();
    const [api] = await Promise.all([
      startApi(stage, { databaseUrl }),
      startWorker(stage, { name: "worker-1", databaseUrl, env: { MILLRACE_WORKER_HANDLERS: "./jobs.ts" } }),
    ]);
    const client = api.client();

    const job = await client.jobs.enqueue({ type, payload: { name: "Ada" } });
    const completed = await finished(client, job.id);
    expect(completed).toMatchObject({ status: "completed", attempts: 1 });
    expect(JSON.stringify(completed.result)).toContain("Ada");

    const wrong = await client.jobs.enqueue({ type, payload: { name: 7 } });
    expect(await finished(client, wrong.id)).toMatchObject({
      status: "dead",
      attempts: 1,
      lastError: expect.stringContaining("name"),
    });
  });

  test("that can't be loaded stops the start with a sentence a module, before any job is claimed", async (context) => {
    const stage = await openStage(context);
    const { url } = await stage.database();
    await writeModule(
      stage,
      "broken.ts",
      `import { nothing } from "@millrace/core";\nexport const jobs = [nothing];\n`,
    );
    await writeModule(stage, "empty.ts", "export const jobs = [];\n");
    await writeModule(stage, "throws.ts", `throw new Error("no key for the mail service");\n`);
    const { exit, said } = await runToEnd(stage, "worker", {
      MILLRACE_PROFILE: "test",
      DATABASE_URL: url,
      MILLRACE_WORKER_HANDLERS: "./broken.ts,./empty.ts,./throws.ts,./missing.ts,not-installed",
    });
    expect(exit).toEqual({ code: 78, signal: null });
    const lines = said.split("\n");
    for (const [module, why] of [
      ["./broken.ts", "nothing"],
      ["./empty.ts", "defineJob"],
      ["./throws.ts", "no key for the mail service"],
      ["./missing.ts", "missing.ts"],
      ["not-installed", "not-installed"],
    ] as const) {
      expect(lines.filter((line) => line.includes(`got ${module}`) && line.includes(why))).toHaveLength(1);
    }
    expect(said).not.toMatch(/^\s+at /m);
  });
});

describe("a wrong configuration", () => {
  const secret = "hunter2-is-no-secret";
  const database = { MILLRACE_DATABASE_URL: `mysql://root:${secret}@db/app`, MILLRACE_DATABASE_POOL_MAX: "0" };
  const logging = { MILLRACE_LOGGING_LEVEL: "loud" };

  test.for([
    [
      "api",
      { MILLRACE_SERVER_PORT: "99999", MILLRACE_SERVER_BODY_BYTES_MX: "1mb" },
      ["server.port", "MILLRACE_SERVER_BODY_BYTES_MAX"],
    ],
    [
      "worker",
      { MILLRACE_WORKER_LEASE_MS: "soon", MILLRACE_WORKER_CONCURENCY: "4" },
      ["worker.leaseMs", "MILLRACE_WORKER_CONCURRENCY"],
    ],
    ["migrator", { MILLRACE_LOGGING_FORMT: "json" }, ["MILLRACE_LOGGING_FORMAT"]],
  ] as const)(
    "ends the %s with exit code 78 and every problem at once, without a secret",
    async ([app, own, named], context) => {
      const stage = await openStage(context);
      const env = { MILLRACE_PROFILE: "test", ...database, ...logging, ...own };
      const { exit, said } = await runToEnd(stage, app, env, app === "migrator" ? ["up"] : []);
      expect(exit).toEqual({ code: 78, signal: null });
      for (const name of ["database.url", "database.poolMax", "logging.level", ...named]) expect(said).toContain(name);
      expect(said).not.toContain(secret);
      expect(said).not.toMatch(/^\s+at /m);
    },
  );
});
