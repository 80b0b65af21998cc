import type { JobStatus } from "@millrace/contract";

import type { Executor, Parameter, Statement } from "../executor.ts";
import type { LeaseOutcome } from "./job-store.ts";
import { decodeLeaseToken, type Lease, leaseKey } from "./lease-token.ts";
import { type Completion, repeatedCompletes } from "./repeated-completes.ts";

/** What became of jobs whose lease was not held; by tenant and id, off the hot path. */
const statusStatement: Statement = {
  name: "jobs.status",
  text: `
select j.id, j.status::text as status
from unnest($1::text[], $2::uuid[]) as t(tenant_id, id)
cross join lateral (select a.id, a.status from millrace.all_jobs a where a.tenant_id = t.tenant_id and a.id = t.id limit 1) j`,
};

/** The present states of jobs by id; a job that is gone is absent. */
export async function statusesOf(db: Executor, leases: readonly Lease[]): Promise<ReadonlyMap<string, JobStatus>> {
  if (leases.length === 0) return new Map();
  const rows = await db.query<{ id: string; status: JobStatus }>(statusStatement, [
    leases.map((lease) => lease.tenantId),
    leases.map((lease) => lease.id),
  ]);
  return new Map(rows.map((row) => [row.id, row.status]));
}

/** One changed job; or one row that stands for all of them where the statement changed every job that it was given. */
type OwnedRow =
  | { readonly id: string; readonly claimId: string; readonly status: JobStatus; readonly all?: boolean }
  | { readonly id: null; readonly status: JobStatus; readonly all: boolean };

export interface OwnedItem {
  readonly leaseToken: string;
}

/** An owner's batch on its way: what its statement takes, and what its items are. */
export interface OwnedBatch {
  /** `$1` ids, `$2` fences, `$3` claim ids, `$4` tenants, then the columns given. */
  readonly parameters: readonly Parameter[];
  readonly size: number;
  /** Answers an outcome an item, in input order. Takes the jobs that the statement changed, or the one state that all of them have now. */
  outcomes(db: Executor, changed: JobStatus | readonly ChangedJob[]): Promise<readonly LeaseOutcome[]>;
}

export interface ChangedJob {
  readonly id: string;
  readonly claimId: string;
  readonly status: JobStatus;
}

/** Prepares an owner's batched statement. An item that names a token again is answered like the first. */
export function ownedBatch<Item extends OwnedItem>(
  items: readonly Item[],
  columns: readonly ((item: Item) => null | boolean | number | string)[],
): OwnedBatch {
  const leases = items.map((item) => decodeLeaseToken(item.leaseToken));
  const sent = firstOfEach(items, leases);
  return {
    parameters: [
      sent.map(({ lease }) => lease.id),
      sent.map(({ lease }) => lease.fence),
      sent.map(({ lease }) => lease.claimId),
      sent.map(({ lease }) => lease.tenantId),
      ...columns.map((column) => sent.map(({ item }) => column(item))),
    ],
    size: sent.length,
    async outcomes(db, changed) {
      if (typeof changed === "string") {
        return leases.map((lease) =>
          lease === undefined ? { ok: false, reason: "lost", status: null } : { ok: true, status: changed },
        );
      }
      const statuses = new Map(changed.map((job) => [leaseKey(job), job.status]));
      const lost = sent.flatMap(({ lease }) => (statuses.has(leaseKey(lease)) ? [] : [lease]));
      // The write is committed: whoever can't be told the present state is told that the lease is lost.
      const present = await statusesOf(db, lost).catch(() => new Map<string, JobStatus>());
      return leases.map((lease): LeaseOutcome => {
        if (lease === undefined) return { ok: false, reason: "lost", status: null };
        const status = statuses.get(leaseKey(lease));
        if (status !== undefined) return { ok: true, status };
        return { ok: false, reason: "lost", status: present.get(lease.id) ?? null };
      });
    },
  };
}

/**
 * Runs an owner's batched statement. It returns (id, claimId, status) of the rows that it changed, and whoever is missing from them had lost
 * the lease; with `all` one row speaks for every job.
 */
export async function writeAsOwner<Item extends OwnedItem>(
  db: Executor,
  statement: Statement,
  items: readonly Item[],
  columns: readonly ((item: Item) => null | boolean | number | string)[],
): Promise<readonly LeaseOutcome[]> {
  const batch = ownedBatch(items, columns);
  if (batch.size === 0) return batch.outcomes(db, []);
  const rows = await db.query<OwnedRow>(statement, batch.parameters);
  const [first] = rows;
  return batch.outcomes(
    db,
    first?.all === true ? first.status : rows.filter((row): row is ChangedJob => row.id !== null),
  );
}

/**
 * Answers a completion that is sent again with the same result as the first was, whether it comes in a batch of its own or twice in one. Only what
 * the statement did not write is looked up; with another result it stays lost, so nobody believes that a result was kept which was not.
 */
export async function answerRepeats(
  db: Executor,
  items: readonly (OwnedItem & { readonly result: string | null })[],
  outcomes: readonly LeaseOutcome[],
): Promise<readonly LeaseOutcome[]> {
  const kept = new Map<string, string | null>();
  const doubtful = new Map<number, Completion>();
  for (const [index, { leaseToken, result }] of items.entries()) {
    const first = kept.get(leaseToken);
    if (outcomes[index]?.ok === true && first === undefined) kept.set(leaseToken, result);
    else if (first !== result && outcomes[index]?.status === "completed") {
      const lease = decodeLeaseToken(leaseToken);
      if (lease !== undefined) doubtful.set(index, { lease, result });
    }
  }
  if (doubtful.size === 0) return outcomes;
  // The write is committed: whoever can't be looked up is told that the lease is lost.
  const repeated = await repeatedCompletes(db, [...doubtful.values()]).catch(() => new Set<Completion>());
  return outcomes.map((outcome, index): LeaseOutcome => {
    const completion = doubtful.get(index);
    if (completion === undefined) return outcome;
    return repeated.has(completion)
      ? { ok: true, status: "completed" }
      : { ok: false, reason: "lost", status: "completed" };
  });
}

interface Sent<Item> {
  readonly lease: Lease;
  readonly item: Item;
}

/** The first item of each lease, in id order, so that two batches over the same jobs lock them in one order and can't deadlock. */
function firstOfEach<Item extends OwnedItem>(
  items: readonly Item[],
  leases: readonly (Lease | undefined)[],
): readonly Sent<Item>[] {
  const sent = new Map<string, Sent<Item>>();
  for (const [index, item] of items.entries()) {
    const lease = leases[index];
    if (lease !== undefined && !sent.has(item.leaseToken)) sent.set(item.leaseToken, { lease, item });
  }
  return [...sent.values()].toSorted((a, b) => (a.lease.id < b.lease.id ? -1 : 1));
}
