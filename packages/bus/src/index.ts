export type * from "./ingest-bus.ts";
