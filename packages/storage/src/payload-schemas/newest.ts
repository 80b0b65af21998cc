import type { JsonObject } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import type { PayloadSchemaRef } from "./payload-schema-store.ts";

/** Reads only, one step down the primary key for each type. A schema comes along where its version is not the one that is known. */
const newestStatement: Statement = {
  name: "payloadSchemas.newest",
  text: `
select t.tenant_id as "tenantId", t.type, s.version, case when s.version is distinct from t.known then s.schema end as schema
from unnest($1::text[], $2::text[], $3::integer[]) as t(tenant_id, type, known)
cross join lateral (
  select p.version, p.schema from millrace.payload_schemas p
  where p.tenant_id = t.tenant_id and p.type = t.type
  order by p.version desc limit 1
) s`,
};

/** A type whose newest version is to be read. */
export interface KnownVersion extends PayloadSchemaRef {
  readonly known: number | undefined;
}

export interface NewestVersion extends PayloadSchemaRef {
  readonly version: number;
  /** Null where the version is the known one, or nothing is enforced. */
  readonly schema: JsonObject | null;
}

/** The newest version of each of these types that has any. */
export function newestPayloadSchemas(db: Executor, types: readonly KnownVersion[]): Promise<readonly NewestVersion[]> {
  return db.query<NewestVersion>(newestStatement, [
    types.map(({ tenantId }) => tenantId),
    types.map(({ type }) => type),
    types.map(({ known }) => known ?? null),
  ]);
}
