import { randomUUID } from "node:crypto";

import type { Database } from "@millrace/storage";

import { enqueue, lane, type Load } from "./enqueue.ts";
import type { Layout } from "./layout.ts";
import { measure, type Cost } from "./meter.ts";
import type { Server } from "./server.ts";

/** What it took to empty a full queue. */
export interface Drain extends Cost {
  /** Of the updates, how many touched no index, 0 to 1; not there where nothing was updated. */
  readonly hotShare?: number;
  /** Everything on disk afterwards, not vacuumed. */
  readonly bytes: number;
}

interface TurnRow {
  readonly id: string | null;
  readonly finished: number | null;
}

const workers = 2;
const result = '{"ok":true}';

/** Makes the layout's tables, fills the queue and measures two workers that empty it with nothing to do for each job. */
export async function drain(server: Server, layout: Layout, load: Load): Promise<Drain> {
  await server.prepare(layout.tables(Date.now()));
  await server.admin.exec("checkpoint");
  const filling = server.open();
  await enqueue(filling, load);
  await filling.close();

  const database = server.open();
  await Promise.all(Array.from({ length: workers }, () => database.ping()));
  const cost = await measure(server, load.jobs, async () => {
    const finished = await Promise.all(Array.from({ length: workers }, () => work(database, layout, load.batch)));
    const sum = finished.reduce((total, count) => total + count);
    if (sum !== load.jobs) throw new Error(`${layout.name} finished ${sum} of ${load.jobs} jobs`);
  });
  // A session hands in its counts as it ends.
  await database.close();
  return { ...cost, ...(await readTables(server)) };
}

/** Takes turns until there is nothing to claim and nothing to finish; answers how many jobs it finished. */
async function work(database: Database, { name, turn }: Layout, batch: number): Promise<number> {
  let held: readonly string[] = [];
  let claim: string | null = null;
  let total = 0;
  for (;;) {
    const next = randomUUID();
    const results = held.map(() => result);
    const rows: readonly TurnRow[] = await database.query<TurnRow>({ name: "turn", text: turn }, [
      held,
      results,
      claim,
      next,
      batch,
      lane.tenant,
      lane.queue,
    ]);
    const finished = rows.at(-1)?.finished;
    if (finished !== held.length) throw new Error(`${name} finished ${finished} of ${held.length} jobs in a turn`);
    total += finished;
    held = rows.flatMap(({ id }) => id ?? []);
    claim = held.length === 0 ? null : next;
    if (held.length === 0 && finished === 0) return total;
  }
}

async function readTables({ admin }: Server): Promise<Pick<Drain, "hotShare" | "bytes">> {
  const [row] = await admin.query<{ updates: number; hot: number; bytes: number }>({
    name: "tables",
    text: `
select sum(n_tup_upd)::bigint as updates, sum(n_tup_hot_upd)::bigint as hot, sum(pg_total_relation_size(relid))::bigint as bytes
from pg_stat_user_tables where schemaname = 'bench'`,
  });
  if (row === undefined) throw new Error("The statistics have no row");
  return { bytes: row.bytes, ...(row.updates > 0 && { hotShare: row.hot / row.updates }) };
}
