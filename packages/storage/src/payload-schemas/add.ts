import type { JsonObject } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import type { PayloadSchemaRef, PayloadSchemaVersion } from "./payload-schema-store.ts";

/** The primary key decides between two that make the same version: the other one is told that it is taken, and has to look again. */
const addStatement: Statement = {
  name: "payloadSchemas.add",
  text: `
insert into millrace.payload_schemas (tenant_id, type, version, schema)
values ($1::text, $2::text, $3::integer, $4::json)
on conflict do nothing
returning tenant_id as "tenantId", type, version, schema, created_at as "createdAt"`,
};

/** Stores a version of a type's schema; undefined when there is this version already. */
export async function addPayloadSchema(
  db: Executor,
  { tenantId, type }: PayloadSchemaRef,
  version: number,
  schema: JsonObject | null,
): Promise<PayloadSchemaVersion | undefined> {
  const [row] = await db.query<PayloadSchemaVersion>(addStatement, [tenantId, type, version, JSON.stringify(schema)]);
  return row;
}
