import {
  type FieldError,
  type JsonObject,
  MillraceError,
  type PutPayloadSchemaResponse,
  isMillraceError,
} from "@millrace/contract";

import type { Ctx } from "../context.ts";
import type { JobDefinition } from "../worker/define-job.ts";
import { compileSchema } from "./compile-schema.ts";
import { pathOf } from "./field-error.ts";
import { schemaFromZod } from "./from-zod.ts";
import { putPayloadSchema } from "./put.ts";

/** Whatever can publish a schema over HTTP: a client. */
export interface SchemaPublisher {
  readonly schemas: { publish(type: string, schema: JsonObject): Promise<PutPayloadSchemaResponse> };
}

/**
 * Puts the input schemas of job definitions in force, so that every client's payloads are checked. All of them are translated first: if one can't be,
 * none is published. @throws VALIDATION_FAILED naming each definition whose schema can't be said in JSON Schema, and what publishing throws
 */
export async function publishSchemas(
  to: Ctx | SchemaPublisher,
  definitions: readonly Pick<JobDefinition, "type" | "input">[],
): Promise<readonly PutPayloadSchemaResponse[]> {
  const schemas = translate(definitions);
  const published: PutPayloadSchemaResponse[] = [];
  for (const [type, schema] of schemas) {
    published.push(
      "store" in to
        ? await putPayloadSchema(to, { type, request: { schema } })
        : await to.schemas.publish(type, schema),
    );
  }
  return published;
}

function translate(definitions: readonly Pick<JobDefinition, "type" | "input">[]): ReadonlyMap<string, JsonObject> {
  const schemas = new Map<string, JsonObject>();
  const errors: FieldError[] = [];
  for (const { type, input } of definitions) {
    try {
      const schema = schemaFromZod(input);
      compileSchema(schema);
      if (schemas.has(type)) errors.push({ path: type, code: "repeated", message: "There are two definitions of it." });
      schemas.set(type, schema);
    } catch (error) {
      if (!isMillraceError(error, "VALIDATION_FAILED")) throw error;
      errors.push(...error.errors.map((each) => ({ ...each, path: pathOf(type, each.path) })));
    }
  }
  if (errors.length === 0) return schemas;
  throw new MillraceError("VALIDATION_FAILED", "Some schemas can't be said in JSON Schema; none was published.", {
    errors,
  });
}
