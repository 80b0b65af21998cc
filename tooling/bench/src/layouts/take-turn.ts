import { randomUUID } from "node:crypto";

import type { Executor } from "@millrace/storage";

import { lane } from "./enqueue.ts";
import type { Layout } from "./layout.ts";

/** The jobs that a worker holds, and its claim on them. */
export interface Batch {
  readonly ids: readonly string[];
  readonly claim: string | null;
}

/** What a worker holds before its first turn and after its last. */
export const nothing: Batch = { ids: [], claim: null };

interface TurnRow {
  readonly id: string | null;
  readonly finished: number | null;
}

const result = '{"ok":true}';

/** Finishes what is held and claims up to `most` jobs; answers those. */
export async function takeTurn(db: Executor, { name, turn }: Layout, held: Batch, most: number): Promise<Batch> {
  const claim = randomUUID();
  const results = held.ids.map(() => result);
  const parameters = [held.ids, results, held.claim, claim, most, lane.tenant, lane.queue];
  const rows = await db.query<TurnRow>({ name: "turn", text: turn }, parameters);
  const finished = rows.at(-1)?.finished;
  if (finished !== held.ids.length)
    throw new Error(`${name} finished ${finished} of ${held.ids.length} jobs in a turn`);
  const ids = rows.flatMap(({ id }) => id ?? []);
  return ids.length === 0 ? nothing : { ids, claim };
}
