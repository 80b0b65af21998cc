import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { patientEnv, type TestDatabase, testDatabase } from "@millrace/storage/testing";

let database: TestDatabase;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  database = await testDatabase();
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
});
afterAll(() => database.close());

const main = new URL("main.ts", import.meta.url).pathname;

interface Program {
  readonly process: ChildProcess;
  /** The URL, once it listens. */
  readonly url: Promise<string>;
  /** Exit code and what it wrote, once it is over. */
  readonly over: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
}

function start(env: Readonly<Record<string, string>>): Program {
  const child = spawn(process.execPath, ["--conditions=@millrace/source", main], {
    cwd: import.meta.dirname,
    env: { PATH: process.env["PATH"], MILLRACE_PROFILE: "dev", MILLRACE_LOGGING_FORMAT: "json", ...patientEnv, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let out = "";
  let err = "";
  const url = Promise.withResolvers<string>();
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    const found = /"url":"([^"]+)"/.exec(out)?.[1];
    if (found !== undefined) url.resolve(found);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const over = once(child, "close").then(([code]) => ({ code: code as number | null, out, err }));
  over.then(({ code }) => url.reject(new Error(`It ended with ${code} before it listened: ${err}`)), url.reject);
  // Whoever waits for it hears of it.
  url.promise.catch(() => undefined);
  return { process: child, url: url.promise, over };
}

describe("the program", () => {
  test("serves, and stops with exit code 0 on SIGTERM and on SIGINT", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const program = start({ DATABASE_URL: database.url, PORT: "0" });
      const url = await program.url;
      await expect.poll(async () => (await fetch(`${url}/v1/ready`)).status).toBe(200);
      program.process.kill(signal);
      const { code, out, err } = await program.over;
      expect([code, err]).toEqual([0, ""]);
      expect(out).toContain(`"signal":"${signal}"`);
      expect(out).toContain('"msg":"Stopped"');
    }
  });

  test("is unready while it waits for load balancers, and exits at once at the second signal", async () => {
    const program = start({
      DATABASE_URL: database.url,
      PORT: "0",
      MILLRACE_SERVER_DRAIN_DELAY_MS: "100s",
      MILLRACE_SERVER_SHUTDOWN_GRACE_MS: "200s",
    });
    const url = await program.url;
    program.process.kill("SIGTERM");
    await expect.poll(async () => (await fetch(`${url}/v1/ready`)).status).toBe(503);
    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
    // Repeats at the same moment are one request to stop.
    const repeating = setInterval(() => program.process.kill("SIGTERM"), 100);
    const { code } = await program.over;
    clearInterval(repeating);
    expect(code).toBe(143);
  });

  test("exits with 78 before it listens when the configuration is wrong, naming every problem and no secret", async () => {
    const { code, out, err } = await start({
      DATABASE_URL: "mysql://user:hunter2@host/db",
      PORT: "http",
      MILLRACE_SERVR_HOST: "x",
      MILLRACE_SERVER_BODY_BYTES_MAX: "lots",
    }).over;
    expect([code, out]).toEqual([78, ""]);
    for (const name of ["database.url", "server.port", "MILLRACE_SERVR_HOST", "server.bodyBytesMax"]) {
      expect(err).toContain(name);
    }
    expect(err).not.toContain("hunter2");
  });

  test("says in one sentence that its port is taken, and exits with 1", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, "127.0.0.1", resolve);
    });
    const { port } = other.address() as { port: number };
    const { code, err } = await start({ DATABASE_URL: database.url, PORT: String(port) }).over;
    expect([code, err]).toEqual([
      1,
      `Port ${port} on 127.0.0.1 is in use by another program; choose another with server.port (MILLRACE_SERVER_PORT).\n`,
    ]);
    other.close();
  });

  test("starts and stops while its database is away, and is unready meanwhile", async () => {
    const program = start({ DATABASE_URL: "postgres://nobody:nothing@127.0.0.1:1/none", PORT: "0" });
    const url = await program.url;
    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
    expect((await fetch(`${url}/v1/ready`)).status).toBe(503);
    program.process.kill("SIGTERM");
    expect((await program.over).code).toBe(0);
  });
});
