import postgres from "postgres";

import type { Executor, Parameter } from "../executor.ts";
import { MigrationError, rootMessage } from "./error.ts";

/** One session of its own, past any pooler. After a lost connection everything on it fails; it never reconnects. */
export interface DirectConnection extends Executor {
  /** Runs a script of one or more statements without parameters. */
  exec(sqlText: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens the migrator's session. */
export async function openConnection(url: string): Promise<DirectConnection> {
  let lost = false;
  const sql = postgres(url, {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 10,
    prepare: false,
    fetch_types: false,
    onnotice: () => {},
    onclose: () => (lost = true),
    connection: { application_name: "millrace-migrator" },
  });
  const run = async (text: string, parameters?: readonly Parameter[]): Promise<readonly unknown[]> => {
    if (lost) throw new MigrationError("unreachable", "The connection to the database was lost.");
    const query = sql.unsafe(text, parameters as never);
    return parameters === undefined ? query.simple() : query;
  };
  const connection: DirectConnection = {
    query: async <Row>({ text }: { text: string }, parameters: readonly Parameter[] = []) =>
      (await run(text, parameters)) as readonly Row[],
    exec: async (sqlText) => {
      await run(sqlText);
    },
    close: () => sql.end({ timeout: 1 }),
  };
  try {
    await connection.exec("select 1");
  } catch (error) {
    await connection.close();
    throw new MigrationError("unreachable", `The database can't be reached: ${rootMessage(error)}.`, [], error);
  }
  return connection;
}
