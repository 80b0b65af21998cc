import type { JobStatus } from "@millrace/contract";

import type { Executor, Parameter, Statement } from "../executor.ts";
import type { LeaseOutcome } from "./job-store.ts";
import { decodeLeaseToken, type Lease, leaseKey } from "./lease-token.ts";

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

export interface OwnedItem {
  readonly leaseToken: string;
}

/**
 * Runs an owner's batched statement and answers an outcome an item, in input order.
 * The statement takes `$1` ids, `$2` fences, `$3` claim ids, then the columns given, and returns (id, status) of the rows it changed:
 * whoever is missing from them had lost the lease.
 */
export async function writeAsOwner<Item extends OwnedItem>(
  db: Executor,
  statement: Statement,
  items: readonly Item[],
  columns: readonly ((item: Item) => null | boolean | number | string)[],
): Promise<readonly LeaseOutcome[]> {
  const leases = items.map((item) => decodeLeaseToken(item.leaseToken));
  const sent: { lease: Lease; item: Item }[] = [];
  const seen = new Set<string>();
  for (const [index, lease] of leases.entries()) {
    const item = items[index];
    if (lease === undefined || item === undefined || seen.has(item.leaseToken)) continue;
    seen.add(item.leaseToken);
    sent.push({ lease, item });
  }
  // In id order, so that two batches over the same jobs lock them in one order and can't deadlock.
  sent.sort((a, b) => (a.lease.id < b.lease.id ? -1 : 1));
  const changed = new Map<string, JobStatus>();
  if (sent.length > 0) {
    const parameters: Parameter[] = [
      sent.map(({ lease }) => lease.id),
      sent.map(({ lease }) => lease.fence),
      sent.map(({ lease }) => lease.claimId),
      ...columns.map((column) => sent.map(({ item }) => column(item))),
    ];
    for (const row of await db.query<{ id: string; claimId: string; status: JobStatus }>(statement, parameters)) {
      changed.set(leaseKey(row), row.status);
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
