export type * from "./ingest-bus.ts";
export { createPostgresBus, type PostgresBusOptions } from "./postgres-bus.ts";
