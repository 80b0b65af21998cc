// What needs DuckDB is behind the other entry points; types cost nothing.
export type * from "./query/query-table.ts";
export type * from "./query/query-types.ts";
