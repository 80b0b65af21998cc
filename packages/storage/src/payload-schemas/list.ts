import type { Executor, Statement } from "../executor.ts";
import type { PayloadSchemaFilter, PayloadSchemaPage, PayloadSchemaVersion } from "./payload-schema-store.ts";

/** A keyset walk up the primary key: a type that has a schema throughout is seen exactly once, whichever versions are made meanwhile. */
const listStatement: Statement = {
  name: "payloadSchemas.list",
  text: `
select s.tenant_id as "tenantId", s.type, s.version, s.created_at as "createdAt" from millrace.payload_schemas s
where s.tenant_id = $1::text and s.type > $2::text and json_typeof(s.schema) <> 'null' and not exists (
  select from millrace.payload_schemas newer
  where newer.tenant_id = s.tenant_id and newer.type = s.type and newer.version > s.version
)
order by s.type limit $3::integer`,
};

/** A page of the tenant's schemas in force, by type. */
export async function listPayloadSchemas(db: Executor, filter: PayloadSchemaFilter): Promise<PayloadSchemaPage> {
  const { tenantId, afterType = "", limit } = filter;
  const rows = await db.query<Omit<PayloadSchemaVersion, "schema">>(listStatement, [tenantId, afterType, limit + 1]);
  const schemas = rows.slice(0, limit);
  return { schemas, nextAfterType: rows.length > limit ? (schemas.at(-1)?.type ?? null) : null };
}
