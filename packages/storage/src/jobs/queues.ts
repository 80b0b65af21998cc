import type { Executor, Statement } from "../executor.ts";
import { isLocked } from "../pg-error.ts";
import type { Lane } from "./wakeup.ts";

/** Idempotent; in key order, so that two processes that meet new queues can't deadlock. */
const registerStatement: Statement = {
  name: "queues.register",
  text: `
insert into millrace.queues (tenant_id, name)
select distinct t.tenant_id, t.name from unnest($1::text[], $2::text[]) as t(tenant_id, name) order by 1, 2
on conflict do nothing`,
};

/** How long a queue is left to whoever is writing it in an open transaction: it is looked at again, as that may roll back. */
const leftMs = 5_000;

/** How many queues a process remembers as known. */
const rememberedMax = 10_000;

export interface QueueRegister {
  /** Makes sure that the queues of these jobs are on the list of queues. */
  ensure(db: Executor, lanes: readonly Lane[]): Promise<void>;
}

/** Writes each queue once a process; a queue stays on the list for good. */
export function createQueueRegister(): QueueRegister {
  const known = new Set<string>();
  const leftUntilMs = new Map<string, number>();
  const isLeft = (key: string) => (leftUntilMs.get(key) ?? Number.NEGATIVE_INFINITY) > performance.now();
  return {
    async ensure(db, lanes) {
      const unknown = new Map<string, Lane>();
      for (const lane of lanes) {
        const key = `${lane[0]}/${lane[1]}`;
        if (!known.has(key) && !isLeft(key)) unknown.set(key, lane);
      }
      if (unknown.size === 0) return;
      const missing = [...unknown.values()];
      try {
        await db.query(registerStatement, [missing.map(([tenantId]) => tenantId), missing.map(([, queue]) => queue)]);
      } catch (error) {
        // The list is for those who look at queues: it must not keep jobs out of one.
        if (!isLocked(error)) throw error;
        if (leftUntilMs.size > rememberedMax) leftUntilMs.clear();
        for (const key of unknown.keys()) leftUntilMs.set(key, performance.now() + leftMs);
        return;
      }
      for (const key of unknown.keys()) leftUntilMs.delete(key);
      if (known.size + unknown.size > rememberedMax) known.clear();
      for (const key of unknown.keys()) known.add(key);
    },
  };
}
