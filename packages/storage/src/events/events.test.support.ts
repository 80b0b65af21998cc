import { randomUUID } from "node:crypto";

import type { Database } from "../database.ts";
import type { NewEvent } from "./event.ts";
import { keyHash } from "./key-hash.ts";

/** Makes a tenant's log with some events that were published before; answers the tenant's number. */
export async function makeLog(db: Database): Promise<number> {
  const [row] = await db.query<{ tenantNo: number }>(
    {
      name: "makeLog",
      text: `with log as (insert into millrace.event_logs (tenant_id) values ($1::text) returning tenant_no)
insert into millrace.event_progress (tenant_no) select tenant_no from log returning tenant_no as "tenantNo"`,
    },
    [randomUUID()],
  );
  if (row === undefined) throw new Error("no log was made");
  return row.tenantNo;
}

export function newEvent(key: string, payload = "{}"): NewEvent {
  return { tableId: 1, version: 1, op: "insert", key, payload, payloadHash: keyHash(payload), eventTime: undefined };
}
