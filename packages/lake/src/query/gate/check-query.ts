import type { QueryTable } from "../query-table.ts";
import { allowedFunctions, allowedTableFunctions } from "./allowed-functions.ts";
import { forbidden, invalid } from "./refusals.ts";
import { expressionClasses, isNode, otherTypes, type SyntaxNode, typesOfTables } from "./syntax.ts";

/** What a checked query reads. */
export interface CheckedQuery {
  readonly tables: readonly QueryTable[];
  /** Byte offsets of tables written `system.name`, in ascending order. */
  readonly systemRefs: readonly number[];
}

/** Levels of the syntax tree, far above what people write. */
const depthMax = 1_500;
/** CUBE of ten columns; each column more would double the work of DuckDB. */
const groupSetsMax = 1_024;

/**
 * Walks the syntax tree of one SELECT and lets through only what it knows: node types, functions and tables by allow-list. Names of common
 * table expressions are tables only where DuckDB sees them too, so none can hide a file of that name.
 * @throws QUERY_INVALID, QUERY_FORBIDDEN with the place
 */
export function checkQuery(sql: string, statement: SyntaxNode, tables: readonly QueryTable[]): CheckedQuery {
  const used = new Set<QueryTable>();
  const systemRefs: number[] = [];
  const known = new Map(tables.map((table) => [keyOf(table.schema ?? "main", table.name), table]));
  /** Names of WITH that are seen where the walk is, and how often: one name may be given again further in. */
  const scope = new Map<string, number>();

  const visit = (value: unknown, depth: number): void => {
    if (depth > depthMax) throw invalid(sql, "The query is nested too deeply.");
    if (Array.isArray(value)) {
      for (const item of value) visit(item, depth + 1);
    } else if (isNode(value)) {
      visitNode(value, depth);
    }
  };

  const visitNode = (node: SyntaxNode, depth: number): void => {
    if (node.class !== undefined) checkExpression(sql, node);
    else if (typeof node.type === "string") checkType(node, node.type);
    if (node.group_sets !== undefined && node.group_sets.length > groupSetsMax) {
      throw invalid(sql, `A query is grouped in at most ${groupSetsMax} sets at once.`);
    }
    // Each name of WITH is seen by those after it and by the query, not by itself: DuckDB would look for a table then.
    const names = node.cte_map?.map ?? [];
    for (const { key, value } of names) {
      visit(value, depth + 1);
      enter(key);
    }
    visitChildren(node, depth);
    for (const { key } of names) leave(key);
  };

  const visitChildren = (node: SyntaxNode, depth: number): void => {
    for (const [key, child] of Object.entries(node)) {
      if (skipped.has(key) || (key === "function" && node.type === "TABLE_FUNCTION")) continue;
      const isRecursion = key === "right" && node.type === "RECURSIVE_CTE_NODE";
      if (isRecursion) enter(String(node.cte_name));
      visit(child, depth + 1);
      if (isRecursion) leave(String(node.cte_name));
    }
    // The arguments only: its name was checked against the functions that may stand in FROM.
    if (node.type === "TABLE_FUNCTION") visitChildren(node.function as SyntaxNode, depth + 1);
  };

  const enter = (name: string): void => {
    const key = fold(name);
    scope.set(key, (scope.get(key) ?? 0) + 1);
  };

  const leave = (name: string): void => {
    const key = fold(name);
    const count = scope.get(key) ?? 0;
    if (count > 1) scope.set(key, count - 1);
    else scope.delete(key);
  };

  const checkType = (node: SyntaxNode, type: string): void => {
    if (typesOfTables.has(type)) checkTable(node, type);
    else if (type === "UNBOUND_TYPE_INFO") checkTypeName(sql, node);
    else if (!otherTypes.has(type)) throw forbidden(sql, "This form of a query is not allowed.", node.query_location);
  };

  const checkTable = (node: SyntaxNode, type: string): void => {
    if (type === "TABLE_FUNCTION") checkTableFunction(sql, node.function as SyntaxNode);
    if (type === "SHOW_REF" && (node.query === undefined || !describes.has(String(node.show_type)))) {
      throw forbidden(sql, "SHOW is not allowed; DESCRIBE and SUMMARIZE of a table are.", node.query_location);
    }
    if (type === "BASE_TABLE") checkBaseTable(node);
  };

  const checkBaseTable = (node: SyntaxNode): void => {
    const name = String(node.table_name);
    const schema = node.schema_name;
    if (node.at_clause !== undefined) {
      throw forbidden(
        sql,
        "AT is not allowed: a query reads one snapshot, which is chosen beside it.",
        node.query_location,
      );
    }
    if (schema === undefined && node.catalog_name === undefined && scope.has(fold(name))) return;
    const table = known.get(keyOf(schema ?? "main", name));
    if (table === undefined || node.catalog_name !== undefined) {
      const shown = [node.catalog_name, schema, name].filter((part) => part !== undefined).join(".");
      throw invalid(sql, `There is no table ${JSON.stringify(shown.slice(0, 200))}.`, node.query_location);
    }
    used.add(table);
    if (table.schema === "system") systemRefs.push(Number(node.query_location));
  };

  visit(statement, 0);
  return { tables: [...used], systemRefs: [...new Set(systemRefs)].toSorted((left, right) => left - right) };
}

/** Visited apart, or lists of mere numbers. */
const skipped: ReadonlySet<string> = new Set(["cte_map", "group_sets"]);

const describes: ReadonlySet<string> = new Set(["DESCRIBE", "SUMMARY"]);

function keyOf(schema: string, name: string): string {
  return JSON.stringify([fold(schema), fold(name)]);
}

/** As DuckDB compares names: letters of ASCII without their case. */
function fold(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function checkExpression(sql: string, node: SyntaxNode): void {
  if (!expressionClasses.has(String(node.class))) {
    throw forbidden(sql, "This form of an expression is not allowed.", node.query_location);
  }
  if (node.class === "FUNCTION" || node.class === "WINDOW") checkFunction(sql, node, allowedFunctions);
}

function checkTableFunction(sql: string, node: SyntaxNode): void {
  if (!isNode(node) || node.class !== "FUNCTION") {
    throw forbidden(sql, "This form of a table function is not allowed.", undefined);
  }
  checkFunction(sql, node, allowedTableFunctions);
}

/** Types are looked up by name; those that there are have plain ones. */
function checkTypeName(sql: string, node: SyntaxNode): void {
  const name = String(node["name"]);
  if (!/^[\w ]+$/.test(name) || node.schema !== undefined || node.catalog !== undefined) {
    throw invalid(sql, `There is no type ${JSON.stringify(name.slice(0, 200))}.`);
  }
}

function checkFunction(sql: string, node: SyntaxNode, allowed: ReadonlySet<string>): void {
  const name = fold(String(node.function_name));
  const isBuiltIn = node.catalog === undefined && (node.schema === undefined || node.schema === "main");
  if (!allowed.has(name) || !isBuiltIn) {
    throw forbidden(sql, `The function ${JSON.stringify(name.slice(0, 200))} is not allowed.`, node.query_location);
  }
  if (aggregateByName.has(name)) checkAggregateName(sql, node, allowed);
  // The bytes of a half-done aggregate are not checked by what reads them.
  if (node.export_state === true) throw forbidden(sql, "EXPORT_STATE is not allowed.", node.query_location);
}

/** Functions that look another one up by a text. */
const aggregateByName: ReadonlySet<string> = new Set([
  "aggregate",
  "array_aggr",
  "array_aggregate",
  "list_aggr",
  "list_aggregate",
]);

/** The text has to stand there, so that it can be looked up here before. */
function checkAggregateName(sql: string, node: SyntaxNode, allowed: ReadonlySet<string>): void {
  const [, argument] = Array.isArray(node["children"]) ? (node["children"] as readonly unknown[]) : [];
  const constant = isNode(argument) && argument.class === "CONSTANT" ? argument["value"] : undefined;
  const name = isNode(constant) ? constant["value"] : undefined;
  if (typeof name === "string" && allowed.has(fold(name))) return;
  const shown = JSON.stringify(String(node.function_name));
  throw forbidden(sql, `${shown} takes the name of an allowed aggregate as a text of its own.`, node.query_location);
}
