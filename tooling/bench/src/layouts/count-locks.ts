import { enqueue, smallPayload } from "./enqueue.ts";
import type { Layout } from "./layout.ts";
import type { Server } from "./server.ts";
import { nothing, takeTurn } from "./take-turn.ts";

const batch = 50;

/** How many tables and indexes one turn of a worker locks, partitions included. Works on the layout's tables, empty or not. */
export async function countLocks(server: Server, layout: Layout): Promise<number> {
  const database = server.open();
  await enqueue(database, { jobs: 2 * batch, batch, payload: smallPayload });
  const held = await takeTurn(database, layout, nothing, batch);
  const locks = await database.withTransaction(async (tx) => {
    await takeTurn(tx, layout, held, batch);
    const [row] = await tx.query<{ locks: number }>({
      name: "locks",
      text: "select count(*)::integer as locks from pg_locks where pid = pg_backend_pid() and locktype = 'relation' and relation <> 'pg_locks'::regclass",
    });
    return row?.locks ?? Number.NaN;
  });
  await database.close();
  return locks;
}
