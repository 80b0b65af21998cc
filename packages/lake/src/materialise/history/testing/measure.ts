import { readdirSync, readFileSync } from "node:fs";

import { openHistoryWorld } from "./history-world.ts";

// What an exported job costs, and what being ready for it costs the statement that ends a job:
// node --conditions=@millrace/source packages/lake/src/materialise/history/testing/measure.ts
const jobs = 100_000;
const jobsOfTransaction = 500;
const rounds = 4;
const tickMicros = 10_000;

const world = await openHistoryWorld();
const run = <Row>(text: string) => world.db.query<Row>({ name: "measure", text });
/** Vacuum holds a lock now and then. */
const change = (text: string) => patiently(() => run(text));
const exporter = world.exporter("measured");

for (let round = 0; round < rounds; round++) {
  await fill("measured");
  await run("checkpoint");
  const before = [await postgresMicros(), ownMicros(), performance.now()] as const;
  let pages = 0;
  while ((await exporter.step()) !== "nothing") pages++;
  const tookMs = performance.now() - before[2];
  report(`export, ${pages} pages`, {
    postgres: (await postgresMicros()) - before[0],
    exporter: ownMicros() - before[1],
    tookMs,
  });
}

for (let round = 0; round < 4; round++) {
  await run("checkpoint");
  await measureFill("ends of jobs, index and all");
  await change("drop index millrace.job_history_xact");
  await change("alter table millrace.job_history alter column xact_id drop default");
  await run("checkpoint");
  await measureFill("ends of jobs, without");
  await change("truncate millrace.job_history");
  await change("alter table millrace.job_history alter column xact_id set default pg_current_xact_id()");
  await change("create index job_history_xact on millrace.job_history (xact_id) where xact_id is not null");
}

const idle = [await postgresMicros(), ownMicros()] as const;
for (let look = 0; look < 100; look++) await exporter.step();
process.stdout.write(
  `a look that finds nothing: ${((await postgresMicros()) - idle[0]) / 100} µs PostgreSQL, ${Math.round((ownMicros() - idle[1]) / 100)} µs here\n`,
);
await world.close();

async function measureFill(name: string): Promise<void> {
  const before = [await postgresMicros(), performance.now()] as const;
  await fill("filled");
  report(name, { postgres: (await postgresMicros()) - before[0], tookMs: performance.now() - before[1] });
}

async function fill(tenantId: string): Promise<void> {
  for (let done = 0; done < jobs; done += jobsOfTransaction) {
    await run(`
      insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, scheduled_at, started_at, created_at, updated_at,
        completed_at, tags, errors, payload, locked_by)
      select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || substr(md5(random()::text), 13))::uuid, '${tenantId}', 'mail',
        'mail.' || n % 20, 'completed', 0, 1, 20, 1, now(), now(), now(), now(), now() + n * interval '1 millisecond', '{a,b}', '[]',
        json_build_object('customer', n, 'address', repeat('x', 150)), 'worker-' || n % 8
      from generate_series(1, ${jobsOfTransaction}) n`);
  }
}

function report(
  name: string,
  { tookMs, ...cpu }: { readonly tookMs: number } & Readonly<Record<string, number>>,
): void {
  const micros = Object.entries(cpu).map(([who, used]) => `${(used / jobs).toFixed(2)} µs ${who}`);
  process.stdout.write(`${name}: ${micros.join(", ")} CPU a job, ${Math.round((jobs / tookMs) * 1_000)} jobs/s\n`);
}

function ownMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** CPU of all processes of the server, those that have ended included. */
async function postgresMicros(): Promise<number> {
  const [row] = await run<{ pid: number }>("select pg_backend_pid() as pid");
  const postmaster = statOf(row?.pid ?? 0)?.parent ?? 0;
  let ticks = statOf(postmaster)?.ticksWithChildren ?? 0;
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat?.parent === postmaster) ticks += stat.ticks;
  }
  return ticks * tickMicros;
}

function statOf(pid: number) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ").map(Number) ?? [];
    const [, parent = 0] = fields;
    const ticks = (fields[11] ?? 0) + (fields[12] ?? 0);
    return { parent, ticks, ticksWithChildren: ticks + (fields[13] ?? 0) + (fields[14] ?? 0) };
  } catch {
    return undefined;
  }
}

async function patiently<Answer>(attempt: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === 30) throw error;
    }
  }
}
