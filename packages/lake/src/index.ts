// What needs DuckDB is behind the other entry points; types cost nothing, nor does text.
export { jsonStructure } from "./duckdb-types.ts";
export type * from "./query/query-table.ts";
export type * from "./query/query-types.ts";
