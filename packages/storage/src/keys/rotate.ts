import { v7 as uuidv7 } from "uuid";

import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { isLive, keyColumns } from "./columns.ts";
import { getKey } from "./get.ts";
import type { ApiKey, KeyRef, RotateKey } from "./key-store.ts";

/**
 * The condition on the old row is checked again when a second rotation gets its lock, and `successor_id` is then set: one successor,
 * ever. `before` keeps the expiry that the update shortens, for the successor to inherit.
 */
const rotateStatement: Statement = {
  name: "keys.rotate",
  text: `
with before as (
  select id, expires_at from millrace.api_keys where tenant_id = $1::text and id = $2::uuid
),
old as (
  update millrace.api_keys set
    successor_id = $3::uuid,
    revoked_at = case when $6::float8 = 0 then now() end,
    expires_at = case when $6::float8 = 0 then expires_at else least(expires_at, now() + $6::float8 * interval '1 millisecond') end
  where tenant_id = $1::text and id = $2::uuid and successor_id is null and ${isLive}
  returning *
),
older as (
  update millrace.api_keys set revoked_at = now()
  where tenant_id = $1::text and successor_id = $2::uuid and revoked_at is null and exists (select from old)
  returning id
),
fresh as (
  insert into millrace.api_keys (id, tenant_id, name, start, hash, scopes, queues, tables, created_by, expires_at)
  select $3::uuid, old.tenant_id, old.name, $4::text, $5::bytea, old.scopes, old.queues, old.tables, $7::uuid, before.expires_at
  from old join before on before.id = old.id
  returning ${keyColumns}
)
select fresh.*, (
  select count(pg_notify($8::text, changed.id::text)) from (select id from old union all select id from older) changed
) as told
from fresh`,
};

/** Makes the successor of a live key. @throws NOT_FOUND, INVALID_STATE */
export async function rotateKey(db: Executor, ref: KeyRef, rotation: RotateKey, channel: string): Promise<ApiKey> {
  const [row] = await db.query<ApiKey & { told: number }>(rotateStatement, [
    ref.tenantId,
    ref.id,
    uuidv7(),
    rotation.start,
    rotation.hash,
    rotation.overlapMs,
    rotation.createdBy,
    channel,
  ]);
  if (row === undefined) throw refusal(await getKey(db, ref));
  const { told: _, ...key } = row;
  return key;
}

function refusal(key: ApiKey): MillraceError {
  if (key.revokedAt !== null) return invalid("The API key is revoked.");
  if (key.successorId !== null)
    return invalid(`The API key was rotated already; rotate its successor ${key.successorId}.`);
  return invalid("The API key has expired.");
}

function invalid(message: string): MillraceError {
  return new MillraceError("INVALID_STATE", message);
}
