import { rm } from "node:fs/promises";

import { MillraceError } from "@millrace/contract";

import type { QueryChild } from "./children/start-child.ts";
import { checkQuery } from "./gate/check-query.ts";
import { asTable, composeQuery, isSameQuery } from "./gate/compose-query.ts";
import { invalid } from "./gate/refusals.ts";
import type { SyntaxNode } from "./gate/syntax.ts";
import type { ChildAnswer } from "./protocol.ts";
import { publicError } from "./public-error.ts";
import type { QueryTable } from "./query-table.ts";
import type { QueryInput, QueryResult } from "./query-types.ts";
import { openResultBody } from "./result-body.ts";
import { viewSql } from "./views/view-sql.ts";

export interface ChildQuery extends QueryInput {
  readonly id: number;
  readonly outPath: string;
}

/** Characters of a statement. */
const sqlLengthMax = 100_000;

/** A statement that may run. */
export interface Admitted {
  /** The tables that it names. */
  readonly tables: readonly QueryTable[];
  /** The statement as it may be put into another one. */
  readonly body: string;
}

/**
 * Checks a statement. The child parses, since a parser can crash; what may run is decided here, from the tree, before a child is told of any file.
 * @throws QUERY_INVALID, QUERY_FORBIDDEN
 */
export async function admit(child: QueryChild, { sql, tables }: Pick<QueryInput, "sql" | "tables">): Promise<Admitted> {
  if (sql.length > sqlLengthMax) throw invalid("", `A statement has at most ${sqlLengthMax} characters.`);
  if (sql.includes("\0") || !sql.isWellFormed()) throw invalid("", "The statement is not valid text.");
  const plain = composeQuery(sql, []);
  const [tree, framed] = await parse(child, sql, [sql, asTable(plain)]);
  const statement = soleStatement(sql, tree);
  const checked = checkQuery(sql, statement, tables);
  if (checked.systemRefs.length === 0) return { tables: checked.tables, body: same(sql, plain, statement, framed) };
  const renamed = composeQuery(sql, checked.systemRefs);
  const [again] = await parse(child, sql, [asTable(renamed)]);
  return { tables: checked.tables, body: same(sql, renamed, statement, again) };
}

/** Runs a statement that was admitted. */
export async function execute(
  child: QueryChild,
  query: ChildQuery,
  body: string,
  tables: readonly QueryTable[],
): Promise<Omit<QueryResult, "elapsedMs">> {
  const files = tables.flatMap((table) => table.files.map((file) => file.localPath));
  try {
    const answer = await child.ask({
      kind: "run",
      id: query.id,
      views: tables.map(viewSql).join(";\n"),
      files,
      outPath: query.outPath,
      sql: body,
      params: query.params ?? [],
      format: query.format,
      rowLimit: query.rowLimit,
    });
    if (answer.kind !== "done") throw refused(query.sql, answer, [...files, query.outPath]);
    const { bytes, body: content } = await openResultBody(query.outPath, query.format, query.bytesMax);
    return { ...answer.answer, bytes, body: content };
  } catch (error) {
    await rm(query.outPath, { force: true });
    throw error;
  }
}

type Tree = SyntaxNode & {
  readonly error?: boolean;
  readonly error_message?: string;
  readonly position?: string;
  readonly statements?: readonly SyntaxNode[];
};

async function parse(child: QueryChild, sql: string, statements: readonly string[]): Promise<readonly Tree[]> {
  const answer = await child.ask({ kind: "parse", statements });
  if (answer.kind !== "parsed") throw refused(sql, answer, []);
  return answer.trees.map((tree) => JSON.parse(tree) as Tree);
}

function soleStatement(sql: string, tree: Tree | undefined): SyntaxNode {
  if (tree === undefined || tree.error === true) throw unparsed(sql, tree);
  const [statement, another] = tree.statements ?? [];
  if (statement === undefined) throw invalid(sql, "There is no statement.");
  if (another !== undefined) throw invalid(sql, "A query is one statement.");
  return statement;
}

function unparsed(sql: string, tree: Tree | undefined): MillraceError {
  const message = tree?.error_message ?? "";
  if (message.startsWith("Only SELECT")) return new MillraceError("QUERY_FORBIDDEN", "Only SELECT is allowed.");
  const offset = tree?.position === undefined ? undefined : Number(tree.position);
  return invalid(sql, message.split("\n\nLINE ")[0] ?? "", offset);
}

function same(sql: string, body: string, statement: SyntaxNode, framed: Tree | undefined): string {
  const [outer, another] = framed?.statements ?? [];
  if (outer === undefined || another !== undefined || !isSameQuery(statement, outer)) {
    throw invalid(sql, "The statement can't be run in this form. Leave out what follows it, such as a comment.");
  }
  return body;
}

function refused(sql: string, answer: ChildAnswer, paths: readonly string[]): MillraceError {
  if (answer.kind === "failed") return publicError(sql, answer.failure, { paths });
  return new MillraceError("INTERNAL", "The query could not be run.");
}
