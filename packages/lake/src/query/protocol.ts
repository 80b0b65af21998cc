import type { QueryParam, ResultColumn, ResultFormat } from "./query-types.ts";

/** What a child is asked. A child answers each request once, in order. */
export type ChildRequest =
  /** The syntax trees of statements, as JSON; nothing runs. */
  | { readonly kind: "parse"; readonly statements: readonly string[] }
  | RunRequest
  /** Ends the running query, as far as DuckDB can be interrupted. It has no answer. */
  | { readonly kind: "interrupt"; readonly id: number };

export interface RunRequest {
  readonly kind: "run";
  /** What `interrupt` names it by. */
  readonly id: number;
  /** Our own statements that make the tables, run before the doors are locked. */
  readonly views: string;
  /** The only files that can be read from then on. */
  readonly files: readonly string[];
  /** The one file that is written. */
  readonly outPath: string;
  readonly sql: string;
  readonly params: readonly QueryParam[] | Readonly<Record<string, QueryParam>>;
  readonly format: ResultFormat;
  readonly rowLimit: number;
}

export interface RunAnswer {
  readonly columns: readonly ResultColumn[];
  readonly rowCount: number;
  readonly truncated: boolean;
  readonly cpuMs: number;
}

/** Why DuckDB refused, in its own words: not yet fit for anybody outside. */
export interface ChildFailure {
  readonly type: string;
  readonly message: string;
  /** Bytes from the start of the user's statement. */
  readonly offset?: number;
}

export type ChildAnswer =
  /** A fresh instance waits, and how much memory the process holds more than at its start; sent after the start and after each query. */
  | { readonly kind: "ready"; readonly grownBytes: number }
  | { readonly kind: "parsed"; readonly trees: readonly string[] }
  | { readonly kind: "done"; readonly answer: RunAnswer }
  | { readonly kind: "failed"; readonly failure: ChildFailure };

/** What a child is told when it starts, as its first argument in JSON. */
export interface ChildSettings {
  readonly threads: number;
  readonly memoryBytes: number;
}
