export { deletePayloadSchema } from "./delete.ts";
export { schemaFromZod } from "./from-zod.ts";
export { getPayloadSchema } from "./get.ts";
export { type PayloadSchemaList, listPayloadSchemas } from "./list.ts";
export { publishSchemas, type SchemaPublisher } from "./publish.ts";
export { putPayloadSchema } from "./put.ts";
export { type PayloadSchema, toListedPayloadSchemaJson, toPayloadSchemaJson } from "./schema-json.ts";
