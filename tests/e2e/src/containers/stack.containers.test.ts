import { beforeAll, describe, expect, test } from "vitest";

import type { MillraceClient } from "@millrace/client";

import { eventually } from "../testing/eventually.ts";
import { countOpen, observe } from "../testing/observe.ts";
import { startBalancer } from "./balancer.ts";
import { compose, containersOf, crash, docker, evaluate, makeKey, probe, stateOf, urlOf } from "./stack.ts";
import { startTraffic, type Traffic } from "./traffic.ts";

/** Two of the API and two of the worker run, on an empty database: `tooling/containers/test` has brought them up. */
const own = ["migrator", "api", "worker"] as const;
const healthUrl = "http://api:8080/v1/health";

let urls: readonly string[];
let clientAt: Awaited<ReturnType<typeof makeKey>>;
let client: MillraceClient;

async function findApis(): Promise<void> {
  urls = await Promise.all((await containersOf("api")).map(urlOf));
  clientAt = await makeKey();
  client = clientAt(urls[0] ?? "");
}
beforeAll(findApis);

async function readyOf(url: string): Promise<{ readonly status: number; readonly red: readonly string[] }> {
  const response = await fetch(`${url}/v1/ready`);
  const { checks } = (await response.json()) as { checks: readonly { readonly name: string; readonly ok: boolean }[] };
  return { status: response.status, red: checks.filter(({ ok }) => !ok).map(({ name }) => name) };
}

/** All numbers of a table's events, one for each time that it is there. */
async function storedIn(table: string): Promise<readonly number[]> {
  const rows = await client.query<{ n: number }>(`SELECT n FROM ${table} ORDER BY n`);
  return (await rows.all()).map(({ n }) => n);
}

async function expectAllOf(traffic: Traffic, table: string): Promise<void> {
  await eventually(() => countOpen(client), 500).toBe(0);
  const jobs = await observe(client);
  const completed = new Set(jobs.filter(({ status }) => status === "completed").map(({ jobId }) => jobId));
  expect(traffic.jobs.filter((id) => !completed.has(id))).toEqual([]);
  // One more is waited for: the tenant's log is in order, so all before it can be seen too.
  await client.ingest(table, [{ payload: { n: -1 } }], { waitForVisibility: true, visibilityTimeoutMs: 60_000 });
  const stored = (await storedIn(table)).filter((n) => n >= 0);
  expect(new Set(stored).size).toBe(stored.length);
  const there = new Set(stored);
  expect(traffic.events.filter((n) => !there.has(n))).toEqual([]);
}

const makeTable = (name: string) =>
  client.tables.create({ name, columns: [{ name: "n", type: "int64" }], schemaMode: "strict" });

describe("the images", () => {
  test.each(own)("%s holds no compiler, no test runner and no TypeScript", async (app) => {
    const find = `find /app -name "*.ts" -o -path "*node_modules/.pnpm/typescript@*" -o -path "*node_modules/.pnpm/vitest@*" | head -5`;
    expect(await docker("run", "--rm", "--entrypoint", "sh", `millrace-${app}`, "-c", find)).toBe("");
  });

  test.each(own)("%s says what it is", async (app) => {
    const labels = await docker("inspect", "--format", "{{json .Config.Labels}}", `millrace-${app}`);
    expect(JSON.parse(labels)).toMatchObject({
      "org.opencontainers.image.title": `Millrace ${app === "api" ? "API" : app}`,
      "org.opencontainers.image.licenses": "Apache-2.0",
    });
  });
});

test.each(["api", "worker"])("%s runs without root, rights, or a file system that it could change", async (service) => {
  const script = `
    import { readFileSync, writeFileSync } from "node:fs";
    const writes = ["/app/x", "/etc/x", "/home/node/x"].filter((path) => {
      try { writeFileSync(path, ""); return true; } catch { return false; }
    });
    const status = readFileSync("/proc/self/status", "utf8");
    console.log(JSON.stringify({ uid: process.getuid(), writes, effective: /CapEff:\\s+0+\\n/.test(status), locked: /NoNewPrivs:\\s+1/.test(status) }));`;
  expect(JSON.parse(await evaluate(service, script))).toEqual({ uid: 1000, writes: [], effective: true, locked: true });
});

// First, while there is nothing to lose.
test("a schema that is too old keeps every API up but unready, until the migrator has run", async () => {
  const status = JSON.parse(await compose("run", "--rm", "migrator", "status", "--json")) as {
    migrations: readonly { readonly version: number }[];
  };
  const last = Math.max(...status.migrations.map(({ version }) => version));
  await compose("run", "--rm", "migrator", "down", "--to", String(last - 1), "--allow-data-loss");
  for (const url of urls) {
    await eventually(() => readyOf(url)).toEqual({ status: 503, red: ["schema"] });
    expect(await probe(url, "health")).toBe(200);
  }
  // Two at once: one works, the other finds nothing to do.
  await Promise.all([1, 2].map(() => compose("run", "--rm", "migrator", "up")));
  for (const url of urls) await eventually(() => probe(url, "ready")).toBe(200);
  await compose("run", "--rm", "migrator", "up");
  await compose("run", "--rm", "migrator", "verify");
});

test("a job is worked, and its end is in the history that queries see", async () => {
  const { id } = await client.jobs.enqueue({ type: "http.request", payload: { url: healthUrl } });
  expect(await client.jobs.wait(id)).toMatchObject({ status: "completed" });
  const history = async () => {
    const rows = await client.query(`SELECT status FROM system.jobs WHERE id = '${id}'`);
    return rows.all();
  };
  await eventually(history, 500).toEqual([{ status: "completed" }]);
});

test("an event can be queried at every API as soon as its token is asked for", async () => {
  await makeTable("first");
  const { visibilityToken } = await client.ingest("first", [{ payload: { n: 1 } }, { payload: { n: 2 } }]);
  for (const url of urls) {
    const rows = await clientAt(url).query("SELECT sum(n)::BIGINT AS total FROM first", {
      minVisibilityToken: visibilityToken ?? "",
      consistencyTimeoutMs: 60_000,
    });
    expect(await rows.all()).toEqual([{ total: 3 }]);
  }
});

test("a rolling restart of all APIs and workers fails no request and loses no job and no event", async () => {
  await makeTable("rolling");
  const balancer = startBalancer(urls);
  await eventually(() => balancer.readyCount()).toBe(2);
  const traffic = startTraffic({
    client: () => clientAt(balancer.next(), { retriesMax: 0 }),
    table: "rolling",
    url: healthUrl,
    first: 0,
  });
  const moreTraffic = async () => {
    const [jobs, events] = [traffic.jobs.length, traffic.events.length];
    await eventually(() => Math.min(traffic.jobs.length - jobs, traffic.events.length - events)).toBeGreaterThan(20);
  };
  await moreTraffic();
  const restart = async (container: string) => {
    await docker("restart", "--time", "30", container);
    await eventually(() => docker("inspect", "--format", "{{.State.Health.Status}}", container), 200).toBe("healthy");
  };
  const [apis, workers] = await Promise.all([containersOf("api"), containersOf("worker")]);
  // One of each at a time: the harder case, and the quicker one.
  for (const [turn, api] of apis.entries()) {
    await Promise.all([restart(api), restart(workers[turn] ?? "")]);
    balancer.add(await urlOf(api));
    await eventually(() => balancer.readyCount()).toBe(2);
    await moreTraffic();
  }
  await traffic.stop();
  await balancer.close();
  await findApis();
  expect(traffic.failures).toEqual([]);
  await expectAllOf(traffic, "rolling");
});

test("each container that crashes comes back, and nothing that was acknowledged is lost or there twice", async () => {
  await makeTable("crashes");
  const traffic = startTraffic({
    client: () => clientAt(urls[Math.floor(Math.random() * urls.length)] ?? ""),
    table: "crashes",
    url: healthUrl,
    first: 1_000_000,
  });
  for (const service of ["worker", "api", "object-store", "postgres"]) {
    const [container = ""] = await containersOf(service);
    const { startedAt } = await stateOf(container);
    const before = traffic.events.length;
    await crash(container);
    await eventually(() => stateOf(container)).toMatchObject({
      isRunning: true,
      startedAt: expect.not.stringMatching(startedAt),
    });
    urls = await Promise.all((await containersOf("api")).map(urlOf));
    for (const url of urls) await eventually(() => probe(url, "ready")).toBe(200);
    await eventually(() => traffic.events.length).toBeGreaterThan(before + 20);
  }
  await traffic.stop();
  await findApis();
  await expectAllOf(traffic, "crashes");
});

test("APIs and workers end in good order when they are told to stop", async () => {
  await compose("stop", "--timeout", "30", "api", "worker");
  const containers = [...(await containersOf("api")), ...(await containersOf("worker"))];
  expect(await Promise.all(containers.map(async (id) => (await stateOf(id)).exitCode))).toEqual([0, 0, 0, 0]);
});
