import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";

import { paste, shells } from "./testing/paste.ts";
import { type RunOptions, runProcess, runToEnd } from "./testing/run-process.ts";
import { type RunningDev, startDev } from "./testing/start-dev.ts";

// Each test starts processes and a database, some of them twice.
vi.setConfig({ testTimeout: 180_000 });

let parent = "";
let path = "";

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "millrace-dev-"));
  // The embedded server runs as another user where this is root.
  await chmod(parent, 0o755);
  path = join(parent, "data");
});

afterAll(() => rm(parent, { recursive: true }));

/** On the one data folder of this file, which each test finds as the one before has left it. */
async function start(args: readonly string[] = [], options?: RunOptions): Promise<RunningDev> {
  const dev = await startDev(["--data-dir", path, ...args], options);
  onTestFinished(async () => {
    dev.kill("SIGKILL");
    await dev.exited;
  });
  return dev;
}

const patiently = { timeout: 60_000 };
const run = (...args: readonly string[]) => runToEnd(["dev", "--port", "0", ...args]);
const health = (url: string) => ({ type: "http.request", payload: { url: `${url}/v1/health` } });

/** A server that takes connections and never answers. */
async function startSilentServer(): Promise<{ readonly url: string; readonly called: Promise<void> }> {
  const { promise: called, resolve } = Promise.withResolvers<void>();
  const server = createServer(() => resolve());
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, called };
}

function listen(server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, "127.0.0.1", () => resolve((server.address() as { readonly port: number }).port));
  onTestFinished(() => void server.close());
  return promise;
}

describe("millrace dev, from the first start on", () => {
  let key = "";
  let jobId = "";

  test("prints where it is, its key, and commands that run a job and query an event", async () => {
    const dev = await start();
    const [enqueue = "", wait = "", ingest = "", query = ""] = dev.commands;
    expect(dev.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(dev.key).toMatch(/^mr_dev_\w{54}$/);
    expect(dev.commands).toHaveLength(4);
    for (const shell of await shells()) {
      expect(JSON.parse(await paste(shell, enqueue))).toMatchObject({ type: "http.request", attempts: 0 });
      // Both wait for some seconds only, and may be pasted again.
      await expect
        .poll(async () => JSON.parse(await paste(shell, wait)) as unknown, patiently)
        .toMatchObject({ status: "completed", result: { status: 200, body: { status: "ok" } } });
      await expect.poll(() => paste(shell, ingest), patiently).toMatch(/"status":"visible"/);
      expect(await paste(shell, query)).toMatch(/^text,_ingested_at\nHello,\d{4}-\S+Z\n+$/);
    }
    const { id } = await dev.client.jobs.enqueue(health(dev.url));
    expect(await dev.client.jobs.wait(id)).toMatchObject({ status: "completed", result: { status: 200 } });
    expect(dev.errors()).toBe("");
    key = dev.key;
    jobId = id;
    expect(await dev.stop("SIGTERM")).toBe(0);
    expect(dev.errors()).toBe("");
  });

  test("keeps the key for its owner's eyes, and tells nobody the database's password", async () => {
    const file = join(path, "api-key");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, "utf8")).trim()).toBe(key);
    const dev = await start([], { env: { MILLRACE_LOGGING_LEVEL: "debug" } });
    await dev.client.jobs.enqueue(health(dev.url));
    expect(await dev.stop()).toBe(0);
    const password = await readFile(join(path, "postgres", "password"), "utf8");
    expect(password.length).toBeGreaterThan(20);
    expect(dev.output() + dev.errors()).not.toContain(password);
  });

  test("finds its key and its data again after a stop", async () => {
    const dev = await start();
    expect(dev.key).toBe(key);
    expect(await dev.client.jobs.get(jobId)).toMatchObject({ status: "completed" });
    expect(dev.output()).not.toContain("Making a database");
    expect(await dev.stop("SIGINT")).toBe(0);
  });

  test("finds them again after a kill, and does what was left undone", async () => {
    const silent = await startSilentServer();
    // Its lease outlives the start that comes next.
    const killed = await start([], { env: { MILLRACE_WORKER_LEASE_MS: "10m" } });
    const { id } = await killed.client.jobs.enqueue({ type: "http.request", payload: { url: silent.url } });
    await silent.called;
    const pending = await killed.client.jobs.enqueue({ ...health("http://127.0.0.1:9"), delayMs: 3_600_000 });
    killed.kill("SIGKILL");
    await killed.exited;

    const dev = await start();
    expect(dev.key).toBe(key);
    expect(await dev.client.jobs.get(id)).toMatchObject({ status: "running" });
    expect(await dev.client.jobs.get(pending.id)).toMatchObject({ status: "pending" });
    await dev.client.jobs.cancel(id);
    expect(await dev.stop()).toBe(0);
  });

  test("has a second start on the same folder wait its turn, and leaves the first alone", async () => {
    const dev = await start();
    const second = await run("--data-dir", path, "--reset");
    expect(second).toMatchObject({ code: 1, output: "" });
    expect(second.errors).toBe(
      `millrace: Another \`millrace dev\` is running on the data folder ${path}. Stop it, or give this one a folder of its own: --data-dir <path>.\n`,
    );
    expect(await dev.client.jobs.get(jobId)).toMatchObject({ status: "completed" });
    expect(await dev.stop()).toBe(0);
  });

  test("takes an API key as given, whatever it looks like", async () => {
    const dev = await start(["--api-key", "it's,my:key"]);
    expect(dev.key).toBe("it's,my:key");
    const [enqueue = "", wait = ""] = dev.commands;
    for (const shell of await shells()) {
      await paste(shell, enqueue);
      await expect
        .poll(async () => JSON.parse(await paste(shell, wait)) as unknown, patiently)
        .toMatchObject({ status: "completed" });
    }
    expect(await dev.client.jobs.get(jobId)).toMatchObject({ id: jobId });
    const kept = await fetch(`${dev.url}/v1/jobs`, { headers: { "X-API-Key": key } });
    expect(kept.status).toBe(401);
    expect(await dev.stop()).toBe(0);
  });

  test("leaves jobs pending without a worker", async () => {
    const dev = await start(["--no-worker"]);
    const { id } = await dev.client.jobs.enqueue(health(dev.url));
    expect(await dev.client.jobs.wait(id, { timeoutMs: 1_000 })).toMatchObject({ status: "pending", attempts: 0 });
    expect(dev.output()).toContain("no worker runs here");
    expect(await dev.stop()).toBe(0);
  });

  test("hands running jobs back when it stops, within the grace period", async () => {
    const silent = await startSilentServer();
    const graces = { MILLRACE_WORKER_SHUTDOWN_GRACE_MS: "200ms", MILLRACE_SERVER_SHUTDOWN_GRACE_MS: "10m" };
    const dev = await start([], { env: graces });
    const { id } = await dev.client.jobs.enqueue({ type: "http.request", payload: { url: silent.url } });
    await silent.called;
    const askedMs = performance.now();
    expect(await dev.stop()).toBe(0);
    // The other grace period, the API's, is ten minutes.
    expect(performance.now() - askedMs).toBeLessThan(60_000);
    const next = await start(["--no-worker"]);
    expect(await next.client.jobs.get(id)).toMatchObject({ status: "pending", attempts: 0 });
    await next.client.jobs.cancel(id);
    expect(await next.stop()).toBe(0);
  });

  test("exits at once when asked a second time, and takes the database with it", async () => {
    const silent = await startSilentServer();
    const dev = await start();
    const { id } = await dev.client.jobs.enqueue({ type: "http.request", payload: { url: silent.url } });
    await silent.called;
    const insist = setInterval(() => dev.kill("SIGINT"), 100);
    onTestFinished(() => clearInterval(insist));
    expect((await dev.exited).code).toBe(130);
    clearInterval(insist);
    const next = await start(["--no-worker"]);
    await next.client.jobs.cancel(id);
    expect(await next.stop()).toBe(0);
  });

  test("runs handlers of one's own, logs what they leave floating, and stops when one breaks the process", async () => {
    const module = fileURLToPath(new URL("testing/faulty-jobs.ts", import.meta.url));
    const dev = await start([], { env: { MILLRACE_WORKER_HANDLERS: module } });
    const { id } = await dev.client.jobs.enqueue({ type: "test.float", payload: "x" });
    expect(await dev.client.jobs.wait(id)).toMatchObject({ status: "completed", result: "done" });
    await dev.printed("left floating");
    await dev.client.jobs.enqueue({ type: "test.throw-late", payload: "x" });
    expect((await dev.exited).code).toBe(1);
    expect(dev.errors()).toMatch(
      /^millrace: An exception was not caught: Error: thrown late \(.*\)\. Everything else is stopped\.\n$/,
    );
  });

  test("stops everything and says why when its database is gone", async () => {
    const dev = await start();
    const pid = Number((await readFile(join(path, "postgres", "cluster", "postmaster.pid"), "utf8")).split("\n")[0]);
    process.kill(pid, "SIGKILL");
    expect((await dev.exited).code).toBe(1);
    expect(dev.errors()).toContain("millrace: The embedded PostgreSQL has ended");
    expect(dev.errors()).not.toMatch(/^\s+at /m);
  });

  test("says that --reset helps when the data folder is broken, and then it does", async () => {
    await truncate(join(path, "postgres", "cluster", "global", "pg_control"), 10);
    const broken = await run("--data-dir", path);
    expect(broken).toMatchObject({ code: 1, output: "" });
    expect(broken.errors).toMatch(/^millrace: The database in the data folder .* does not start: .*--reset.*\n$/);

    const dev = await start(["--reset"]);
    expect(dev.key).not.toBe(key);
    expect((await dev.client.jobs.list()).items).toEqual([]);
    expect(await dev.stop()).toBe(0);
  });
});

describe("millrace dev refuses to start with one sentence", () => {
  test("where its port is in use, before it makes anything", async () => {
    const port = await listen(createServer());
    const folder = join(parent, "unmade");
    const { code, output, errors } = await run("--data-dir", folder, "--port", String(port));
    expect({ code, output, errors }).toEqual({
      code: 1,
      output: "",
      errors: `millrace: Port ${port} is in use. Choose another with --port <port>, or stop what uses it.\n`,
    });
    expect(await readdir(parent)).not.toContain("unmade");
  });

  test("where a file is in the data folder's place", async () => {
    const file = join(parent, "file");
    await writeFile(file, "");
    const { code, errors } = await run("--data-dir", file);
    expect(code).toBe(1);
    expect(errors).toMatch(/^millrace: The data folder .* can't be made: a file is in the way\. .*--data-dir.*\n$/);
  });

  test("rather than reset a folder that is not its own", async () => {
    const folder = join(parent, "foreign");
    await mkdir(folder);
    await writeFile(join(folder, "thesis.txt"), "");
    const { code, errors } = await run("--data-dir", folder, "--reset");
    expect(code).toBe(1);
    expect(errors).toMatch(/^millrace: --reset empties .* Nothing was removed\.\n$/);
    expect(await readdir(folder)).toEqual(["thesis.txt"]);
  });

  test.each([
    ["a flag's value", ["--port", "http"], {}, "server.port (--port): expected"],
    ["a variable", [], { MILLRACE_WORKER_CONCURENCY: "5" }, "did you mean MILLRACE_WORKER_CONCURRENCY?"],
    ["the prod profile", [], { MILLRACE_PROFILE: "prod" }, "the embedded database"],
  ])("and 78 for a wrong configuration: %s", async (_, args, env, message) => {
    const folder = join(parent, "unmade");
    const { code, output, errors } = await runToEnd(["dev", "--data-dir", folder, ...args], { env });
    expect({ code, output }).toEqual({ code: 78, output: "" });
    expect(errors).toContain(message);
    expect(await readdir(parent)).not.toContain("unmade");
  });
});

test("Ctrl-C while the database is being made stops that too, and the next start goes on from there", async () => {
  const folder = join(parent, "interrupted");
  const interrupted = runProcess(["dev", "--port", "0", "--data-dir", folder]);
  await interrupted.printed("Making a database");
  interrupted.kill("SIGINT");
  expect((await interrupted.exited).code).toBe(0);
  expect(interrupted.output()).not.toContain("ready");
  const dev = await start(["--data-dir", folder]);
  expect(await dev.stop()).toBe(0);
});
