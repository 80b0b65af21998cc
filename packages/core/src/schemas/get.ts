import { type GetPayloadSchemaQuery, getPayloadSchemaQuerySchema } from "@millrace/contract";

import { type Ctx, requireScope } from "../context.ts";
import { parse } from "../parse.ts";
import type { PayloadSchema } from "./schema-json.ts";
import { schemaNotFound, schemaRef } from "./visible.ts";

/** The schema of a job type: the one in force, or any version that there ever was. @throws FORBIDDEN, VALIDATION_FAILED, NOT_FOUND */
export async function getPayloadSchema(
  ctx: Ctx,
  input: { readonly type: string; readonly query?: GetPayloadSchemaQuery },
): Promise<PayloadSchema> {
  requireScope(ctx, "jobs:read");
  const { version } = parse(getPayloadSchemaQuerySchema, input.query ?? {});
  const found = await ctx.store.findPayloadSchema(schemaRef(ctx, input.type), version);
  if (!found?.schema) throw schemaNotFound();
  return { ...found, schema: found.schema };
}
