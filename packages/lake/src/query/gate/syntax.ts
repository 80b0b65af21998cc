/** A node of the tree that DuckDB makes of a statement, as its JSON has it; members that are empty are left out. */
export interface SyntaxNode {
  /** Of expressions only. */
  readonly class?: unknown;
  readonly type?: unknown;
  /** Bytes from the start of the statement; a huge number where DuckDB doesn't know. */
  readonly query_location?: number;
  readonly function_name?: string;
  readonly schema?: string;
  readonly catalog?: string;
  readonly export_state?: boolean;
  readonly table_name?: string;
  readonly schema_name?: string;
  readonly catalog_name?: string;
  readonly at_clause?: unknown;
  readonly show_type?: string;
  readonly query?: unknown;
  readonly function?: unknown;
  /** Places of the expressions that each set groups by. */
  readonly group_sets?: readonly (readonly number[])[];
  readonly cte_name?: string;
  readonly cte_map?: { readonly map?: readonly { readonly key: string; readonly value: unknown }[] };
  readonly [member: string]: unknown;
}

/** True for an object of the tree. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Kinds of expressions that a query may have. */
export const expressionClasses: ReadonlySet<string> = new Set([
  "BETWEEN",
  "CASE",
  "CAST",
  "COLLATE",
  "COLUMN_REF",
  "COMPARISON",
  "CONJUNCTION",
  "CONSTANT",
  "FUNCTION",
  "LAMBDA",
  "LAMBDA_REF",
  "OPERATOR",
  "PARAMETER",
  "POSITIONAL_REFERENCE",
  "STAR",
  "SUBQUERY",
  "WINDOW",
]);

/** What may stand in FROM. */
export const typesOfTables: ReadonlySet<string> = new Set([
  "BASE_TABLE",
  "EMPTY",
  "EXPRESSION_LIST",
  "JOIN",
  "PIVOT",
  "SHOW_REF",
  "SUBQUERY",
  "TABLE_FUNCTION",
]);

/** Queries, what modifies them, orders, and types of casts. */
export const otherTypes: ReadonlySet<string> = new Set([
  "SELECT_NODE",
  "SET_OPERATION_NODE",
  "RECURSIVE_CTE_NODE",
  "DISTINCT_MODIFIER",
  "LIMIT_MODIFIER",
  "LIMIT_PERCENT_MODIFIER",
  "ORDER_MODIFIER",
  "ORDER_DEFAULT",
  "ASCENDING",
  "DESCENDING",
  "ARRAY_TYPE_INFO",
  "DECIMAL_TYPE_INFO",
  "ENUM_TYPE_INFO",
  "GENERIC_TYPE_INFO",
  "LIST_TYPE_INFO",
  "STRING_TYPE_INFO",
  "STRUCT_TYPE_INFO",
]);
