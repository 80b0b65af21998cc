import { lane } from "./enqueue.ts";
import { measure, type Cost } from "./meter.ts";
import type { Server } from "./server.ts";
import { carriedColumns, historyTable, jobsTable, jobsTableByIds } from "./tables.ts";

/** A table of finished jobs to be read by (tenant, id), named by its partitions. */
interface Shelf {
  readonly name: string;
  readonly table: string;
}

/** The shelves that are read, the baseline first. */
export const shelves: readonly Shelf[] = [
  { name: "one table", table: "single.jobs" },
  { name: "id-partitions, 30", table: "by_id.jobs" },
  { name: "history, 12 partitions", table: "bench.history_12" },
  { name: "history, 90 partitions", table: "bench.history_90" },
];

const rowsEach = 40_000;
const readsEach = 2_000;

/** Makes the shelves, each with the same number of finished jobs spread over its days. */
export async function fillShelves({ prepare, admin }: Server): Promise<void> {
  const nowMs = Date.now();
  await prepare(`
    create schema single; set search_path = single; ${jobsTable(100)} ${fill("jobs", 28)}
    create schema by_id; set search_path = by_id; ${jobsTableByIds(30, nowMs)} ${fill("jobs", 28)}
    set search_path = bench; ${historyTable("history_12", 4, nowMs)} ${historyTable("history_90", 30, nowMs)}
    ${fill("history_12", 2)} ${fill("history_90", 28)}`);
  await admin.exec("vacuum analyze");
}

/** Reads random jobs of the shelf one after the other and says what a read costs. */
export async function lookUp(server: Server, { name, table }: Shelf): Promise<Cost> {
  const ids = await server.admin.query<{ id: string }>({
    name: "ids",
    text: `select id from ${table} order by random() limit ${readsEach}`,
  });
  const database = server.open();
  const read = async (id: string): Promise<void> => {
    const text = `select ${carriedColumns.join(", ")}, status, completed_at, result from ${table} where tenant_id = $1::text and id = $2::uuid`;
    const rows = await database.query({ name: "look up", text }, [lane.tenant, id]);
    if (rows.length !== 1) throw new Error(`${name} answered ${rows.length} rows for one id`);
  };
  // The first read opens the connection and plans.
  await read(ids[0]?.id ?? "");
  const cost = await measure(server, ids.length, async () => {
    for (const { id } of ids) await read(id);
  });
  await database.close();
  return cost;
}

function fill(table: string, days: number): string {
  return `insert into ${table} (id, tenant_id, queue, type, payload, status, updated_at, completed_at)
    select id, '${lane.tenant}', '${lane.queue}', 'mail.send', '{}', (array['completed', 'dead', 'cancelled'])[1 + n % 3], now(),
      uuid_extract_timestamp(id)
    from (select n, uuidv7(-random() * interval '${days} days') as id from generate_series(1, ${rowsEach}) n) made;`;
}
