import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import postgres from "postgres";

import { payloadText } from "../events/records.ts";
import { percentile } from "../percentiles.ts";
import { serve } from "../remote.ts";

/** The same rows as an ingest brings, into a table that checks nothing. */
export interface BareLoad {
  readonly how: "insert" | "copy";
  readonly connections: number;
  readonly calls: number;
  readonly batch: number;
}

let opened: postgres.Sql | undefined;
let next = 0;

function database(): postgres.Sql {
  if (opened === undefined) throw new Error("Nothing is open");
  return opened;
}

const verbs = {
  async open(url: string, connections: number) {
    const { hostname, port } = new URL(url);
    // Without a delay, which the driver's own sockets have, and which makes each COPY wait for the acknowledgement of its first part.
    const socket = () => connect({ host: hostname, port: Number(port), noDelay: true });
    const options = { max: connections, ssl: false, onnotice: () => {}, socket };
    const sql = postgres(url, options);
    opened = sql;
    await sql`create table bare_events (
      event_offset bigint generated always as identity primary key, key text not null, payload text not null, ingested_at timestamptz not null default now()
    )`;
    // Connections are opened before anything is measured.
    await Promise.all(Array.from({ length: connections }, () => sql`select pg_sleep(0.05)`));
  },
  /** Stores rows, a transaction a call, each connection its next one when it has an answer. */
  async store({ how, connections, calls, batch }: BareLoad) {
    const startMs = performance.now();
    const took: number[] = [];
    let left = calls;
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (left-- > 0) {
          const callMs = performance.now();
          await (how === "insert" ? insert(batch) : copy(batch));
          took.push(performance.now() - callMs);
        }
      }),
    );
    const seconds = (performance.now() - startMs) / 1_000;
    return { seconds, p50Ms: percentile(took, 0.5), p95Ms: percentile(took, 0.95), p99Ms: percentile(took, 0.99) };
  },
  async count() {
    const [row] = await database()`select count(*)::integer as rows from bare_events`;
    return Number(row?.["rows"] ?? 0);
  },
  async close() {
    await opened?.end();
  },
};

async function insert(batch: number): Promise<void> {
  const rows = Array.from({ length: batch }, () => ({ key: `key-${next}`, payload: payloadText(next++) }));
  const sql = database();
  await sql`insert into bare_events ${sql(rows)}`;
}

async function copy(batch: number): Promise<void> {
  let text = "";
  for (let n = 0; n < batch; n++) text += `key-${next}\t${payloadText(next++)}\n`;
  const writable = await database()`copy bare_events (key, payload) from stdin`.writable();
  const closed = once(writable, "finish");
  await pipeline(Readable.from([text]), writable);
  await closed.catch(() => undefined);
}

export type BareWriteVerbs = typeof verbs;

serve(verbs);
