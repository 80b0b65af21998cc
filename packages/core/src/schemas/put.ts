import {
  type PutPayloadSchemaRequest,
  type PutPayloadSchemaResponse,
  MillraceError,
  jobTypeSchema,
  putPayloadSchemaRequestSchema,
} from "@millrace/contract";

import { audit } from "../audit/audit.ts";
import { canonicalJson } from "../canonical-json.ts";
import type { Ctx } from "../context.ts";
import { parse } from "../parse.ts";
import { compileSchema } from "./compile-schema.ts";
import { storeNextVersion } from "./next-version.ts";
import { requireSchemaAdmin } from "./visible.ts";

/**
 * Puts a schema in force for the payloads of a job type. The one that is in force already, however its members are ordered, keeps its version; another one
 * gets the next. @throws FORBIDDEN, VALIDATION_FAILED naming what is wrong with the schema
 */
export async function putPayloadSchema(
  ctx: Ctx,
  input: { readonly type: string; readonly request: PutPayloadSchemaRequest },
): Promise<PutPayloadSchemaResponse> {
  requireSchemaAdmin(ctx);
  const type = typeOf(input.type);
  const { schema } = parse(putPayloadSchemaRequestSchema, input.request);
  compileSchema(schema);
  const wanted = canonicalJson(schema);
  const { stored, newest } = await storeNextVersion(ctx.store, { tenantId: ctx.actor.tenantId, type }, (found) =>
    found !== undefined && canonicalJson(found.schema) === wanted ? undefined : schema,
  );
  const inForce = stored ?? newest;
  if (inForce === undefined) throw new MillraceError("INTERNAL", "A schema was neither found nor stored.");
  const { version } = inForce;
  if (stored !== undefined) await audit(ctx, { action: "schema.change", target: type, detail: { version } });
  return { type, version, created: stored !== undefined };
}

function typeOf(type: string): string {
  const parsed = jobTypeSchema.safeParse(type);
  if (parsed.success) return parsed.data;
  throw new MillraceError("VALIDATION_FAILED", "The input does not have the expected shape.", {
    errors: parsed.error.issues.map(({ code, message }) => ({ path: "type", code, message })),
  });
}
