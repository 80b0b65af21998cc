import type { Executor, Statement } from "../executor.ts";

/** Written down before anything is purged, under a lock that shuts out whoever records; so what is recorded is still there. */
const purgeStatement: Statement = {
  name: "streams.purgeable",
  text: `select millrace.purge_bus_stream($1::text, $2::text) as until`,
};

/** Up to which sequence number a stream can be purged; undefined for nothing, or not now. */
export async function purgeable(db: Executor, stream: string, createdAt: string): Promise<number | undefined> {
  const [row] = await db.query<{ until: number | null }>(purgeStatement, [stream, createdAt]);
  return row?.until ?? undefined;
}
