import { v7 as uuidv7 } from "uuid";

import type { Statement, Transaction } from "../executor.ts";
import type { NewDeadLetter } from "./lake-store.ts";

/** An event dies once: its offset is unique, and a letter of an earlier life of the log (after a restore) stays as it is. */
const addDeadLettersStatement: Statement = {
  name: "lake.add_dead_letters",
  text: `
insert into millrace.dead_letters (id, tenant_id, tenant_no, table_id, event_offset, version, op, key, payload, event_time, ingested_at, code, path, message)
select d.id, l.tenant_id, l.tenant_no, d.table_id, d.event_offset, d.version, d.op, d.key, d.payload, d.event_time, d.ingested_at, d.code, d.path, d.message
from millrace.event_logs l,
  unnest($2::uuid[], $3::integer[], $4::bigint[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[],
    $11::text[], $12::text[], $13::text[])
  as d(id, table_id, event_offset, version, op, key, payload, event_time, ingested_at, code, path, message)
where l.tenant_no = $1::bigint
on conflict (tenant_no, event_offset) do nothing`,
};

/** Keeps events that could not be written. */
export async function addDeadLetters(
  tx: Transaction,
  tenantNo: number,
  letters: readonly NewDeadLetter[],
): Promise<void> {
  if (letters.length === 0) return;
  await tx.query(addDeadLettersStatement, [
    tenantNo,
    letters.map(() => uuidv7()),
    letters.map((letter) => letter.tableId),
    letters.map((letter) => letter.offset),
    letters.map((letter) => letter.version),
    letters.map((letter) => letter.op),
    letters.map((letter) => letter.key),
    letters.map((letter) => letter.payload),
    letters.map((letter) => letter.eventTime ?? null),
    letters.map((letter) => letter.ingestedAt),
    letters.map((letter) => letter.code),
    letters.map((letter) => letter.path),
    letters.map((letter) => letter.message),
  ]);
}
