import type { JsonObject, PayloadSchemaJson, PayloadSchemaListJson } from "@millrace/contract";
import type { PayloadSchemaVersion } from "@millrace/storage";

/** One version of the schema of a job type, which enforces something. */
export interface PayloadSchema extends PayloadSchemaVersion {
  readonly schema: JsonObject;
}

/** A schema as JSON shows it. */
export function toPayloadSchemaJson({ type, version, createdAt, schema }: PayloadSchema): PayloadSchemaJson {
  return { type, version, createdAt: createdAt.toISOString(), schema };
}

/** The same in a list, where the schema itself is left out. */
export function toListedPayloadSchemaJson({
  type,
  version,
  createdAt,
}: Omit<PayloadSchemaVersion, "schema">): PayloadSchemaListJson["items"][number] {
  return { type, version, createdAt: createdAt.toISOString() };
}
