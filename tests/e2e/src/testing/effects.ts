import { type Database, createDatabase } from "@millrace/storage";

import { patient } from "../processes/patient.ts";

/** What a handler does to the world: one row an attempt. A second one for the same attempt is refused. */
export interface EffectRow {
  readonly jobId: string;
  readonly attempt: number;
  readonly worker: string;
}

/** Makes the table of the handlers' effects. */
export async function createEffects({ url }: { readonly url: string }): Promise<void> {
  const database = createDatabase({ url, poolMax: 1, ...patient });
  await database.query({
    name: "create effects",
    text: `create table public.effects (
      job_id uuid not null, attempt integer not null, worker text not null, at timestamptz not null default now(),
      unique (job_id, attempt)
    )`,
  });
  await database.close();
}

/** The effects so far, by job and attempt. */
export function readEffects(database: Database): Promise<readonly EffectRow[]> {
  return database.query<EffectRow>({
    name: "read effects",
    text: `select job_id as "jobId", attempt, worker from public.effects order by job_id, attempt`,
  });
}

/** The way of a handler to the table. */
export function connectEffects(url: string): { insert(row: EffectRow): Promise<void> } {
  const database = createDatabase({ url, poolMax: 4, ...patient });
  return {
    async insert({ jobId, attempt, worker }) {
      await database.query(
        { name: "insert effect", text: "insert into public.effects (job_id, attempt, worker) values ($1, $2, $3)" },
        [jobId, attempt, worker],
      );
    },
  };
}
