import { type FieldError, type Json, MillraceError, payloadSchemaLimits } from "@millrace/contract";
import type { SchemaInForce } from "@millrace/storage";

import type { Ctx } from "../context.ts";
import { type PayloadValidator, compileSchema, stepsMax } from "./compile-schema.ts";
import { pathOf } from "./field-error.ts";

/** A payload of a job type, and where it stands in the request. */
export interface TypedPayload {
  readonly type: string;
  readonly payload: Json;
  readonly path: string;
}

/** What schemas compile to, as long as the store remembers them: a schema that was dropped there takes its compiled form along. */
const validators = new WeakMap<SchemaInForce, PayloadValidator>();

/**
 * Holds payloads against the schemas in force of their types. Types without one pass.
 * @throws VALIDATION_FAILED naming what doesn't fit, UNAVAILABLE when nobody can say which schemas are in force
 */
export async function checkPayloads(
  ctx: Pick<Ctx, "actor" | "store">,
  payloads: readonly TypedPayload[],
): Promise<void> {
  const types = payloads.length === 1 ? payloads : new Map(payloads.map((each) => [each.type, each])).values();
  const schemas = await ctx.store.schemasInForce(
    ctx.actor.tenantId,
    Array.from(types, ({ type }) => type),
  );
  if (schemas.size === 0) return;
  const budget = { stepsLeft: stepsMax };
  const errors: FieldError[] = [];
  for (const { type, payload, path } of payloads) {
    const schema = schemas.get(type);
    if (schema === undefined) continue;
    for (const problem of validatorOf(type, schema).problems(payload, budget)) {
      errors.push({ ...problem, path: pathOf(path, problem.path) });
    }
    if (errors.length >= payloadSchemaLimits.errorsMax) break;
  }
  if (errors.length === 0) return;
  throw new MillraceError("VALIDATION_FAILED", "The payload does not fit the schema of its type.", {
    errors: errors.slice(0, payloadSchemaLimits.errorsMax),
  });
}

function validatorOf(type: string, schema: SchemaInForce): PayloadValidator {
  let validator = validators.get(schema);
  if (validator === undefined) {
    validator = compiled(type, schema);
    validators.set(schema, validator);
  }
  return validator;
}

/** It was compiled once before it was stored, maybe by another release. */
function compiled(type: string, { version, schema }: SchemaInForce): PayloadValidator {
  try {
    return compileSchema(schema);
  } catch (cause) {
    throw new MillraceError("INTERNAL", `Version ${version} of the schema of ${type} can't be compiled any more.`, {
      cause,
    });
  }
}
