import { MillraceError } from "@millrace/contract";

import type { Executor, Parameter, Statement } from "../executor.ts";
import { toMillraceError } from "../pg-error.ts";
import { encodeParameters } from "./parameters.ts";
import { parsers } from "./results.ts";

/** A transaction of postgres.js: what `sql.begin` gives. Its client's own settings (types, transforms, prepared statements) don't matter. */
export interface PostgresJsTransaction {
  unsafe(text: string, parameters?: never[], options?: { prepare?: boolean }): PromiseLike<unknown>;
  savepoint(fn: never): unknown;
}

/** A connection of node-postgres on which the caller has begun a transaction; never a pool, whose statements run on any connection. */
export interface NodePostgresClient {
  query(config: never): unknown;
  getTypeParser(...oid: never[]): unknown;
}

/** A transaction of Drizzle on postgres.js or node-postgres: what `db.transaction` gives. */
export interface DrizzleTransaction {
  rollback(): never;
  execute(query: never): unknown;
}

/** An open transaction in which a job can be enqueued. */
export type CallerTransaction = Executor | PostgresJsTransaction | NodePostgresClient | DrizzleTransaction;

/** An executor on the caller's own transaction, recognised by its shape. @throws VALIDATION_FAILED for anything else, such as a client without a transaction */
export function callerExecutor(tx: CallerTransaction): Executor {
  const driver = driverOf(tx);
  if (isPostgresJs(driver)) return executorOf((text, parameters) => askPostgresJs(driver, text, parameters));
  if (isNodePostgres(driver)) return executorOf((text, parameters) => askNodePostgres(driver, text, parameters));
  if (isExecutor(driver)) return driver;
  throw new MillraceError(
    "VALIDATION_FAILED",
    "This is no open transaction of postgres.js, node-postgres or Drizzle on one of them.",
  );
}

interface Answer {
  readonly columns: readonly { readonly name: string; readonly oid: number }[];
  /** Text format, undecoded. */
  readonly rows: readonly (readonly (string | null)[])[];
}

type Ask = (text: string, parameters: (string | null)[]) => Promise<Answer>;

/**
 * Parameters go as text and are declared so (`$1::uuid[]` becomes `$1::text::uuid[]`), rows come as text: whatever a client does with
 * the types that it knows, it leaves text alone.
 */
function executorOf(ask: Ask): Executor {
  return {
    async query<Row>({ text }: Statement, parameters: readonly Parameter[] = []) {
      const answer = await ask(text.replaceAll(/\$(\d+)::/g, "$$$1::text::"), encodeParameters(parameters)).catch(
        (error: unknown) => {
          throw toMillraceError(error);
        },
      );
      return answer.rows.map((values) => rowOf(answer.columns, values)) as readonly Row[];
    },
  };
}

function rowOf(columns: Answer["columns"], values: readonly (string | null)[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    columns.map(({ name, oid }, index) => {
      const value = values[index] ?? null;
      const parse = parsers[oid];
      return [name, value === null || parse === undefined ? value : parse(value)];
    }),
  );
}

interface PostgresJsDriver {
  unsafe(text: string, parameters: (string | null)[], options: { prepare: boolean }): { raw(): Promise<RawRows> };
}

type RawRows = readonly (readonly (Uint8Array | null)[])[] & {
  readonly columns: readonly { readonly name: string; readonly type: number }[];
};

/** Without a prepared statement: the caller's pooler may not keep any. */
async function askPostgresJs(sql: PostgresJsDriver, text: string, parameters: (string | null)[]): Promise<Answer> {
  const rows = await sql.unsafe(text, parameters, { prepare: false }).raw();
  return {
    columns: rows.columns.map(({ name, type }) => ({ name, oid: type })),
    rows: rows.map((row) => row.map((value) => (value === null ? null : Buffer.from(value).toString()))),
  };
}

interface NodePostgresDriver {
  query(config: {
    text: string;
    values: (string | null)[];
    rowMode: "array";
    types: { getTypeParser: () => (value: string) => string };
  }): Promise<{ rows: (string | null)[][]; fields: { name: string; dataTypeID: number }[] }>;
}

async function askNodePostgres(client: NodePostgresDriver, text: string, values: (string | null)[]): Promise<Answer> {
  const types = { getTypeParser: () => (value: string) => value };
  const { rows, fields } = await client.query({ text, values, rowMode: "array", types });
  return { rows, columns: fields.map(({ name, dataTypeID }) => ({ name, oid: dataTypeID })) };
}

/** What a Drizzle transaction runs on; everything else is its own driver. */
function driverOf(tx: CallerTransaction): object {
  const session: unknown = Reflect.get(tx, "session");
  if (typeof session !== "object" || session === null) return tx;
  const client: unknown = Reflect.get(session, "client");
  return (typeof client === "object" || typeof client === "function") && client !== null ? client : tx;
}

/** Only a transaction of postgres.js has savepoints; its client and what `reserve` gives have none. */
function isPostgresJs(driver: object): driver is PostgresJsDriver {
  return has(driver, "unsafe") && has(driver, "savepoint");
}

/** A client of node-postgres parses types by itself; its pool does not. */
function isNodePostgres(driver: object): driver is NodePostgresDriver {
  return has(driver, "query") && has(driver, "getTypeParser");
}

function isExecutor(driver: object): driver is Executor {
  return has(driver, "query") && !("totalCount" in driver);
}

function has(driver: object, method: string): boolean {
  return typeof Reflect.get(driver, method) === "function";
}
