import type { Parameter, Statement } from "../executor.ts";
import type { RawResult } from "./connection.ts";

/** Every executor of this package answers a statement's rows undecoded too; the query builder's handle needs them so. */
export const rawRows: unique symbol = Symbol("rawRows");

export interface RawRows {
  [rawRows](statement: Statement, parameters: readonly Parameter[]): Promise<RawResult>;
}
