import type { NewJob } from "./job-store.ts";

/** So long a key that was held is taken for held. */
const heldMs = 5_000;
const keysMax = 10_000;

export interface LockedKeys {
  add(job: NewJob): void;
  /** True when somebody's transaction held the job's key a moment ago. */
  has(job: NewJob): boolean;
}

/** Remembers keys that an open transaction holds, so that jobs which come with them again don't hold up those that share an insert. */
export function createLockedKeys(): LockedKeys {
  const untilMs = new Map<string, number>();
  const nameOf = ({ tenantId, idempotencyKey }: NewJob) => `${tenantId}/${idempotencyKey}`;
  return {
    add(job) {
      if (untilMs.size >= keysMax) untilMs.clear();
      untilMs.set(nameOf(job), performance.now() + heldMs);
    },
    has(job) {
      if (untilMs.size === 0 || job.idempotencyKey === undefined) return false;
      const until = untilMs.get(nameOf(job));
      if (until === undefined) return false;
      if (until > performance.now()) return true;
      untilMs.delete(nameOf(job));
      return false;
    },
  };
}
