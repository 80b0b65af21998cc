import { type ListPayloadSchemasQuery, listPayloadSchemasQuerySchema } from "@millrace/contract";
import type { PayloadSchemaVersion } from "@millrace/storage";

import { type Ctx, requireScope } from "../context.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
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
    afterType: cursor === undefined ? undefined : typeOf(decodeCursor(cursor, filter, typePosition)),
  });
  return {
    schemas,
    nextCursor: nextAfterType === null ? null : encodeCursor(positionOf(nextAfterType), filter),
  };
}

const typePosition = /^[A-Za-z0-9_-]+$/;

function positionOf(type: string): string {
  return Buffer.from(type).toString("base64url");
}

/** A NUL, which only a forged cursor can hold, is no text to the database. */
function typeOf(position: string): string {
  return Buffer.from(position, "base64url").toString("utf8").replaceAll("\0", "");
}
