import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ReadyCheck, WorkerHealth } from "@millrace/core";
import { createMetrics, type Metrics } from "@millrace/telemetry";

import { type HealthServer, startHealthServer } from "./health-server.ts";

const well: WorkerHealth = {
  name: "w",
  state: "running",
  concurrency: 2,
  running: 1,
  waiting: 0,
  settling: 0,
  abandoned: 0,
  listening: true,
  failing: [],
};

let health = well;
let checks: readonly ReadyCheck[] = [];
let server: HealthServer;

const start = (metrics: Metrics | undefined) =>
  startHealthServer({
    host: "127.0.0.1",
    port: 0,
    health: () => health,
    checkReady: () => Promise.resolve(checks),
    metrics,
  });

beforeEach(async () => {
  health = well;
  checks = [{ name: "database", ok: true }];
  server = await start(createMetrics({ service: "test", version: "0", defaultMetrics: false }));
});
afterEach(() => server.close());

const status = async (path: string, init?: RequestInit) => (await fetch(`${server.url}${path}`, init)).status;

describe("the health endpoint", () => {
  it("is well while handlers get their slots back, whatever the database does", async () => {
    checks = [{ name: "database", ok: false }];
    health = { ...well, abandoned: 1, failing: ["claim"] };
    expect(await status("/health")).toBe(200);
    health = { ...well, abandoned: 2 };
    expect(await status("/health")).toBe(503);
  });

  it("is ready only while the worker works and all checks pass", async () => {
    expect(await status("/ready")).toBe(200);
    checks = [
      { name: "database", ok: true },
      { name: "schema", ok: false, problem: "It is old." },
    ];
    const response = await fetch(`${server.url}/ready?verbose`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: "unready", state: "running", checks });
    checks = [];
    health = { ...well, state: "draining" };
    expect(await status("/ready")).toBe(503);
  });

  it("shows the metrics", async () => {
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get("content-type")).toContain("text/plain");
    expect(await response.text()).toContain("# TYPE millrace_worker_slots gauge");
  });

  it("has none where they are off, and the rest all the same", async () => {
    await server.close();
    server = await start(undefined);
    expect(await status("/metrics")).toBe(404);
    expect(await status("/ready")).toBe(200);
  });

  it("answers HEAD like GET, and nothing else", async () => {
    const head = await fetch(`${server.url}/health`, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    expect(await status("/health", { method: "POST" })).toBe(405);
    expect(await status("/")).toBe(404);
  });
});
