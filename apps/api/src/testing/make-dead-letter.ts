import { randomUUID } from "node:crypto";

import type { EventOp } from "@millrace/contract";

import type { MadeTable } from "./make-table.ts";
import type { TestApi } from "./start-test-api.ts";

export interface TestDeadLetter {
  readonly payload: string;
  readonly op?: EventOp;
  readonly offset?: number;
}

/** Puts a dead letter there as the publication of a snapshot does; answers its id. */
export async function makeDeadLetter(api: TestApi, table: MadeTable, given: TestDeadLetter): Promise<string> {
  const id = randomUUID();
  const { payload, op = "insert", offset = Math.floor(Math.random() * 1e9) } = given;
  await api.composition.db.query(
    {
      name: "test.deadLetter",
      text: `
insert into millrace.dead_letters (id, tenant_id, tenant_no, table_id, event_offset, version, op, key, payload, event_time, ingested_at, code, path, message)
values ($1::uuid, $2::text, $3::bigint, $4::integer, $5::bigint, $6::integer, $7::text, $8::text, $9::text, '2026-01-02T03:04:05.678Z', now(), 'lossy_number', 'payload.n', 'A number.')`,
    },
    [id, table.tenantId, table.tenantNo, table.tableId, offset, table.version, op, `key-${id}`, payload],
  );
  return id;
}
