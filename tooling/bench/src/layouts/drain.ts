import type { Database } from "@millrace/storage";

import { countLocks } from "./count-locks.ts";
import { enqueue, type Load } from "./enqueue.ts";
import type { Layout } from "./layout.ts";
import { measure, type Cost } from "./meter.ts";
import type { Server } from "./server.ts";
import { nothing, takeTurn } from "./take-turn.ts";

/** What it took to empty a full queue. */
export interface Drain extends Cost {
  /** Of the updates, how many touched no index, 0 to 1; not there where nothing was updated. */
  readonly hotShare?: number;
  /** Everything on disk afterwards, not vacuumed. */
  readonly bytes: number;
  /** Tables and indexes that one turn locks. */
  readonly locks: number;
}

const workers = 2;

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
  return { ...cost, ...(await readTables(server)), locks: await countLocks(server, layout) };
}

/** Takes turns until there is nothing to claim and nothing to finish; answers how many jobs it finished. */
async function work(database: Database, layout: Layout, most: number): Promise<number> {
  let total = 0;
  let held = await takeTurn(database, layout, nothing, most);
  while (held.ids.length > 0) {
    total += held.ids.length;
    held = await takeTurn(database, layout, held, most);
  }
  return total;
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
