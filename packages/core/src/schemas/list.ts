import { type ListPayloadSchemasQuery, listPayloadSchemasQuerySchema } from "@millrace/contract";
import type { PayloadSchemaVersion } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { decodeNameCursor, encodeNameCursor } from "../cursor.ts";
import { parse } from "../parse.ts";

export interface PayloadSchemaList {
  readonly schemas: readonly Omit<PayloadSchemaVersion, "schema">[];
  readonly nextCursor: string | null;
}

/** A page of the tenant's schemas in force, by type. @throws FORBIDDEN, VALIDATION_FAILED */
export async function listPayloadSchemas(ctx: Ctx, input: ListPayloadSchemasQuery): Promise<PayloadSchemaList> {
  requireScope(ctx, "jobs:read");
  const { limit, cursor } = parse(listPayloadSchemasQuerySchema, input);
  const filter = { list: "schemas" };
  const { schemas, nextAfterType } = await ctx.store.listPayloadSchemas({
    tenantId: ctx.actor.tenantId,
    limit,
    afterType: cursor === undefined ? undefined : decodeNameCursor(cursor, filter),
  });
  return {
    schemas,
    nextCursor: nextAfterType === null ? null : encodeNameCursor(nextAfterType, filter),
  };
}
