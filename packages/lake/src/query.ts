export * from "./query/create-query-engine.ts";
export type * from "./query/query-table.ts";
export type * from "./query/query-types.ts";
