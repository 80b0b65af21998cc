import type { Executor, Statement } from "../executor.ts";
import type { PayloadSchemaRef, PayloadSchemaVersion } from "./payload-schema-store.ts";

/** One step down the primary key. Versions are never changed, so what it finds stays true; only being the newest may be over. */
const findStatement: Statement = {
  name: "payloadSchemas.find",
  text: `
select tenant_id as "tenantId", type, version, schema, created_at as "createdAt" from millrace.payload_schemas
where tenant_id = $1::text and type = $2::text and version <= coalesce($3::integer, 2147483647)
order by version desc limit 1`,
};

/** The newest version of a type's schema, or the one asked for. */
export async function findPayloadSchema(
  db: Executor,
  { tenantId, type }: PayloadSchemaRef,
  version?: number,
): Promise<PayloadSchemaVersion | undefined> {
  const [row] = await db.query<PayloadSchemaVersion>(findStatement, [tenantId, type, version ?? null]);
  return version === undefined || row?.version === version ? row : undefined;
}
