import { randomBytes } from "node:crypto";

import type { Database } from "@millrace/storage";

/** What a load is made of. */
export interface Load {
  readonly jobs: number;
  /** Most jobs that a turn claims. */
  readonly batch: number;
  /** The JSON text of job number `index`. */
  readonly payload: (index: number) => string;
}

export const lane = { tenant: "tenant-01", queue: "default" } as const;

/** A payload as most jobs have it: about 75 bytes. */
export function smallPayload(index: number): string {
  return JSON.stringify({ i: index, to: `user${index}@example.com`, template: "welcome", locale: "en" });
}

/** A payload of 20 kB that no compression helps, so that it is kept outside its row. */
export function largePayload(): string {
  return JSON.stringify({ body: randomBytes(15_000).toString("base64") });
}

const perInsert = 1_000;

const text = `
with input as materialized (
  select uuidv7($4::interval) as id, payload from unnest($1::text[]) as t(payload)
),
kept as (
  insert into jobs (id, tenant_id, queue, type, payload, tags, traceparent)
  select id, $2::text, $3::text, 'mail.send', payload::json, '{a,b}', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' from input
)
insert into ready (tenant_id, queue, priority, scheduled_at, job_id, type)
select $2::text, $3::text, 0, now(), id, 'mail.send' from input`;

/** Fills the queue. The ids of its first half are two hours old, so that layouts by id meet two partitions. */
export async function enqueue(database: Database, load: Load): Promise<void> {
  for (let from = 0; from < load.jobs; from += perInsert) {
    const payloads = Array.from({ length: Math.min(perInsert, load.jobs - from) }, (_, n) => load.payload(from + n));
    const age = from < load.jobs / 2 ? "-2 hours" : "1 second";
    await database.query({ name: "enqueue", text }, [payloads, lane.tenant, lane.queue, age]);
  }
}
