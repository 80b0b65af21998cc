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

/**
 * Walks the syntax tree of one SELECT and lets through only what it knows: node types, functions and tables by allow-list. Names of common
 * table expressions are tables only where DuckDB sees them too, so none can hide a file of that name.
 * @throws QUERY_INVALID, QUERY_FORBIDDEN with the place
 */
export function checkQuery(sql: string, statement: SyntaxNode, tables: readonly QueryTable[]): CheckedQuery {
  const used = new Set<QueryTable>();
  const systemRefs: number[] = [];

  const visit = (value: unknown, scope: Scope, depth: number): void => {
    if (depth > depthMax) throw invalid(sql, "The query is nested too deeply.");
    if (Array.isArray(value)) {
      for (const item of value) visit(item, scope, depth + 1);
    } else if (isNode(value)) {
      visitNode(value, scope, depth);
    }
  };

  const visitNode = (node: SyntaxNode, scope: Scope, depth: number): void => {
    if (node.class !== undefined) checkExpression(sql, node);
    else if (typeof node.type === "string") checkType(node, node.type, scope);
    visitChildren(node, withNames(node, scope, depth), depth);
  };

  const visitChildren = (node: SyntaxNode, scope: Scope, depth: number): void => {
    for (const [key, child] of Object.entries(node)) {
      if (key === "cte_map" || (key === "function" && node.type === "TABLE_FUNCTION")) continue;
      const isRecursion = key === "right" && node.type === "RECURSIVE_CTE_NODE";
      visit(child, isRecursion ? withName(scope, String(node.cte_name)) : scope, depth + 1);
    }
    // The arguments only: its name was checked against the functions that may stand in FROM.
    if (node.type === "TABLE_FUNCTION") visitChildren(node.function as SyntaxNode, scope, depth + 1);
  };

  /** Each name of WITH is seen by those after it and by the query, not by itself: DuckDB would look for a table then. */
  const withNames = (node: SyntaxNode, scope: Scope, depth: number): Scope => {
    let seen = scope;
    for (const { key, value } of node.cte_map?.map ?? []) {
      visit(value, seen, depth + 1);
      seen = withName(seen, key);
    }
    return seen;
  };

  const checkType = (node: SyntaxNode, type: string, scope: Scope): void => {
    if (typesOfTables.has(type)) checkTable(node, type, scope);
    else if (type === "UNBOUND_TYPE_INFO") checkTypeName(sql, node);
    else if (!otherTypes.has(type)) throw forbidden(sql, "This form of a query is not allowed.", node.query_location);
  };

  const checkTable = (node: SyntaxNode, type: string, scope: Scope): void => {
    if (type === "TABLE_FUNCTION") checkTableFunction(sql, node.function as SyntaxNode);
    if (type === "SHOW_REF" && (node.query === undefined || !describes.has(String(node.show_type)))) {
      throw forbidden(sql, "SHOW is not allowed; DESCRIBE and SUMMARIZE of a table are.", node.query_location);
    }
    if (type === "BASE_TABLE") checkBaseTable(node, scope);
  };

  const checkBaseTable = (node: SyntaxNode, scope: Scope): void => {
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
    const table = tables.find(
      (candidate) => fold(candidate.name) === fold(name) && (candidate.schema ?? "main") === fold(schema ?? "main"),
    );
    if (table === undefined || node.catalog_name !== undefined) {
      const shown = [node.catalog_name, schema, name].filter((part) => part !== undefined).join(".");
      throw invalid(sql, `There is no table ${JSON.stringify(shown.slice(0, 200))}.`, node.query_location);
    }
    used.add(table);
    if (table.schema === "system") systemRefs.push(Number(node.query_location));
  };

  visit(statement, new Set(), 0);
  return { tables: [...used], systemRefs: [...new Set(systemRefs)].toSorted((left, right) => left - right) };
}

type Scope = ReadonlySet<string>;

const describes: ReadonlySet<string> = new Set(["DESCRIBE", "SUMMARY"]);

function withName(scope: Scope, name: string): Scope {
  return new Set([...scope, fold(name)]);
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
  // The bytes of a half-done aggregate are not checked by what reads them.
  if (node.export_state === true) throw forbidden(sql, "EXPORT_STATE is not allowed.", node.query_location);
}
