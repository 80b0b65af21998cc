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

/**
 * Runs an owner's batched statement and answers an outcome an item, in input order.
 * The statement takes `$1` ids, `$2` fences, `$3` claim ids, then the columns given, and returns (id, claimId, status) of the rows it changed:
 * whoever is missing from them had lost the lease; with `all` one row speaks for every job. An item that names a token again is answered like the first.
 */
export async function writeAsOwner<Item extends OwnedItem>(
  db: Executor,
  statement: Statement,
  items: readonly Item[],
  columns: readonly ((item: Item) => null | boolean | number | string)[],
): Promise<readonly LeaseOutcome[]> {
  const leases = items.map((item) => decodeLeaseToken(item.leaseToken));
  const sent = firstOfEach(items, leases);
  const changed = new Map<string, JobStatus>();
  if (sent.length > 0) {
    const parameters: Parameter[] = [
      sent.map(({ lease }) => lease.id),
      sent.map(({ lease }) => lease.fence),
      sent.map(({ lease }) => lease.claimId),
      ...columns.map((column) => sent.map(({ item }) => column(item))),
    ];
    const rows = await db.query<OwnedRow>(statement, parameters);
    const [first] = rows;
    if (first?.all === true) {
      for (const { lease } of sent) changed.set(leaseKey(lease), first.status);
    } else {
      for (const row of rows)
        if (row.id !== null) changed.set(leaseKey({ id: row.id, claimId: row.claimId }), row.status);
    }
  }
  const lost = sent.filter(({ lease }) => !changed.has(leaseKey(lease))).map(({ lease }) => lease);
  // The write is committed: whoever can't be told the present state is told that the lease is lost.
  const present = await statusesOf(db, lost).catch(() => new Map<string, JobStatus>());
  return leases.map((lease): LeaseOutcome => {
    if (lease === undefined) return { ok: false, reason: "lost", status: null };
    const status = changed.get(leaseKey(lease));
    if (status !== undefined) return { ok: true, status };
    return { ok: false, reason: "lost", status: present.get(lease.id) ?? null };
  });
}

/**
 * Answers a completion that is sent again with the same result as the first was, whether it comes in a batch of its own or twice in one. Only what
 * the statement did not write is looked up; with another result it stays lost, so nobody believes that a result was kept which was not.
 */
export async function answerRepeats<Item extends OwnedItem & { readonly result: string | null }>(
  db: Executor,
  items: readonly Item[],
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
