import { audit } from "../audit/audit.ts";
import type { Ctx } from "../context.ts";
import { storeNextVersion } from "./next-version.ts";
import { requireSchemaAdmin, schemaNotFound, schemaRef } from "./visible.ts";

/** Ends the enforcement of a job type's schema. Its versions can be read on, and none of them is used again. @throws FORBIDDEN, NOT_FOUND */
export async function deletePayloadSchema(ctx: Ctx, input: { readonly type: string }): Promise<void> {
  requireSchemaAdmin(ctx);
  const ref = schemaRef(ctx, input.type);
  const { stored } = await storeNextVersion(ctx.store, ref, (newest) => (newest?.schema ? null : undefined));
  if (stored === undefined) throw schemaNotFound();
  await audit(ctx, { action: "schema.change", target: ref.type, detail: { version: stored.version, deleted: true } });
}
