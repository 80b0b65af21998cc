import type { MillraceClient } from "@millrace/client";

import { seededRandom } from "./random.ts";

export interface LoadOptions {
  readonly seed: number;
  readonly writers: number;
  readonly readers: number;
}

export interface LoadReport {
  /** Rows that were acknowledged, by writer. */
  readonly acknowledged: readonly number[];
  /** Queries that were answered. */
  readonly reads: number;
  /** What a query with a token should have seen, and what it saw. */
  readonly misses: readonly string[];
}

export interface RunningLoad {
  /** Resolves when so many more queries are answered; rejects when the load broke off. */
  answered(more: number): Promise<void>;
  /** Lets what is under way end, and looks at all that was acknowledged last. */
  stop(): Promise<LoadReport>;
}

/** What a writer was told last: all of its rows below `count` are stored. */
interface Acknowledged {
  readonly count: number;
  readonly token: string;
}

const batchMax = 20;
const columns = [
  { name: "writer", type: "int32" },
  { name: "seq", type: "int32" },
] as const;

/**
 * Writers number their rows from 0 without gaps; readers take the newest token that some writer has got, and query that writer's rows with it. Fewer rows
 * than were acknowledged with the token, a gap or a row twice is a miss.
 */
export async function startReadingOwnWrites(client: MillraceClient, options: LoadOptions): Promise<RunningLoad> {
  const { seed, writers, readers } = options;
  await client.tables.create({ name: "steps", columns: [...columns] });
  const last: Acknowledged[] = [];
  const misses: string[] = [];
  const watchers = new Set<() => void>();
  let isOver = false;
  let reads = 0;

  async function write(writer: number, size: number): Promise<void> {
    const first = last[writer]?.count ?? 0;
    const batch = Array.from({ length: size }, (_, index) => ({
      idempotencyKey: `${writer}-${first + index}`,
      payload: { writer, seq: first + index },
    }));
    const { acceptedCount, duplicateCount, visibilityToken } = await client.ingest("steps", batch);
    if (acceptedCount + duplicateCount !== size) misses.push(`writer ${writer}: ${acceptedCount} of ${size} accepted`);
    last[writer] = { count: first + size, token: visibilityToken ?? "" };
  }

  async function keepWriting(writer: number): Promise<void> {
    const random = seededRandom(seed * 1_000 + writer);
    while (!isOver) await write(writer, 1 + Math.floor(random() * batchMax));
  }

  async function keepReading(reader: number): Promise<void> {
    const random = seededRandom(seed * 2_000 + reader);
    while (!isOver) {
      const writer = Math.floor(random() * writers);
      await check(writer, last[writer]!);
    }
  }

  async function check(writer: number, { count, token }: Acknowledged): Promise<void> {
    const result = await client.query<{ n: number; kinds: number; top: number }>(
      "select count(*)::int as n, count(distinct seq)::int as kinds, max(seq)::int as top from steps where writer = $1",
      { params: [writer], minVisibilityToken: token, consistencyTimeoutMs: 60_000 },
    );
    const [row] = await result.all();
    reads++;
    for (const watch of watchers) watch();
    const { n = 0, kinds = 0, top = -1 } = row ?? {};
    if (n < count || kinds !== n || top !== n - 1) {
      misses.push(`writer ${writer}, ${count} acknowledged: ${n} rows, ${kinds} different, up to ${top}`);
    }
  }

  const each = (number: number, run: (index: number) => Promise<void>) =>
    Promise.all(Array.from({ length: number }, (_, index) => run(index)));
  await each(writers, (writer) => write(writer, 1));
  const done = Promise.all([each(writers, keepWriting), each(readers, keepReading)]);
  // Heard of by whoever waits for answers, or in the end.
  done.catch(() => {});
  return {
    async answered(more) {
      const target = reads + more;
      const { promise, resolve } = Promise.withResolvers<void>();
      const watch = () => reads >= target && resolve();
      watchers.add(watch);
      await Promise.race([promise, done]).finally(() => watchers.delete(watch));
    },
    async stop() {
      isOver = true;
      await done;
      await each(writers, (writer) => check(writer, last[writer]!));
      return { acknowledged: last.map(({ count }) => count), reads, misses };
    },
  };
}
