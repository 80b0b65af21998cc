import { randomUUID } from "node:crypto";

import type { Database } from "../../database.ts";
import type { Statement } from "../../executor.ts";
import { addSnapshot } from "../add-snapshot.ts";

/** More than any log or lake has given out since a backup that one goes back to: at a million a second, eleven days of offsets. */
const offsetsJump = 1_000_000_000_000;
const snapshotsJump = 1_000_000_000;
const idsJump = 100_000;

/** The first to be locked: two who do this at once do it one after the other, and no check passes meanwhile. */
const stopSweepingStatement: Statement = {
  name: "lake.stop_sweeping",
  text: "update millrace.lake_state set sweeping = false, restored_at = clock_timestamp()",
};

/** What goes on in a stream ends at the head that is known; the next publish opens a segment above the new one. */
const leaveStreamsStatement: Statement = {
  name: "lake.leave_streams",
  text: "select millrace.open_bus_segment(l.tenant_no, null, null, null, null) from millrace.event_logs l where l.bus <> 'postgres' order by l.tenant_no",
};

/** Readers of the log step over offsets that nobody has. */
const jumpOffsetsStatement: Statement = {
  name: "lake.jump_offsets",
  text: "update millrace.event_logs set head = head + $1::bigint",
};

/** Leases are of before the restore; their owners may live and believe in them. */
const jumpSnapshotsStatement: Statement = {
  name: "lake.jump_snapshots",
  text: `
update millrace.event_progress set snapshot_id = snapshot_id + $1::bigint, owner = null, lease_expires_at = null, claimed_to = null, epoch = epoch + 1
returning tenant_no as "tenantNo"`,
};

/** Numbers of tenants are in the names of subjects and objects, those of tables in the latter: what was made after the backup keeps its own. */
const jumpIdsStatement: Statement = {
  name: "lake.jump_ids",
  text: `
select setval(s.name, (select coalesce(q.last_value, 0) from pg_sequences q where format('%I.%I', q.schemaname, q.sequencename)::regclass = s.name::regclass) + $1::bigint)
from (values (pg_get_serial_sequence('millrace.event_logs', 'tenant_no')), (pg_get_serial_sequence('millrace.event_tables', 'table_id'))) s(name)`,
};

/**
 * For a database that was restored to an earlier point, before anything works on it: moves every log's head and every lake's newest snapshot far ahead,
 * so that no offset, token or id of a snapshot is given out a second time, and switches the deletion of objects off until all files were checked.
 * Answers for how many tenants.
 */
export function jumpHeads(db: Database): Promise<number> {
  return db.withTransaction(async (tx) => {
    await tx.query(stopSweepingStatement);
    await tx.query(leaveStreamsStatement);
    await tx.query(jumpOffsetsStatement, [offsetsJump]);
    const tenants = await tx.query<{ tenantNo: number }>(jumpSnapshotsStatement, [snapshotsJump]);
    // What is the newest has to be there.
    for (const { tenantNo } of tenants) await addSnapshot(tx, tenantNo, "restore", randomUUID());
    await tx.query(jumpIdsStatement, [idsJump]);
    return tenants.length;
  });
}
