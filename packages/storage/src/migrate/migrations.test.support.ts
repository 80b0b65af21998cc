import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import type { DirectConnection } from "../database.ts";
import { testDatabase } from "../testing/test-database.ts";
import { openSession } from "./connection.ts";

/** An empty database of this test's own. */
export async function emptyDatabase(): Promise<string> {
  const empty = await testDatabase({ migrate: false });
  onTestFinished(() => empty.close());
  return empty.url;
}

/** A session of this test's own, with the runner's settings. */
export async function session(url: string): Promise<DirectConnection> {
  const connection = await openSession({ url });
  onTestFinished(() => connection.close());
  return connection;
}

/** The rows of a query. */
export async function rows<Row = Record<string, unknown>>(
  connection: DirectConnection,
  text: string,
): Promise<readonly Row[]> {
  return connection.query<Row>({ name: "test", text });
}

/** A migrations folder of this test's own: `{ "0001_a.up.sql": "…" }`. A down file that is left out is a trivial one. */
export async function migrationsFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "millrace-migrations-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  await writeMigrations(dir, files);
  return dir;
}

/** Adds or overwrites files of a migrations folder. */
export async function writeMigrations(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(Object.entries(files).map(([name, sql]) => writeFile(join(dir, name), sql)));
}

/** A small set that has a bit of everything, a no-transaction index included. */
export const shop = {
  "0001_customers.up.sql": `create type millrace.mood as enum ('happy', 'sad');
create table millrace.customers (id integer primary key, name text not null default 'x;y', mood millrace.mood);
insert into millrace.customers select n, 'customer ' || n from generate_series(1, 100) n;
`,
  "0001_customers.down.sql": `-- millrace:lossy the customers go
drop table millrace.customers;
drop type millrace.mood;
`,
  "0002_touch.up.sql": `create function millrace.touch() returns trigger language plpgsql as $$
begin
  new.name := coalesce(new.name, 'it''s');
  return new;
end
$$;
create trigger touch before insert on millrace.customers for each row execute function millrace.touch();
`,
  "0002_touch.down.sql": `drop trigger touch on millrace.customers;
drop function millrace.touch();
`,
  "0003_customers_name.up.sql": `-- millrace:no-transaction
create index concurrently if not exists customers_name on millrace.customers (name);
`,
  "0003_customers_name.down.sql": `-- millrace:no-transaction
drop index concurrently if exists millrace.customers_name;
`,
} as const;

/** Every schema, relation, type and function that is not PostgreSQL's own. */
export async function everything(connection: DirectConnection): Promise<readonly string[]> {
  const found = await rows<{ line: string }>(
    connection,
    `select 'schema ' || nspname as line from pg_namespace where oid >= 16384 and nspname !~ '^pg_'
union all select concat_ws(' ', 'relation', relnamespace::regnamespace, relname, relkind) from pg_class where oid >= 16384 and relnamespace::regnamespace::text !~ '^pg_'
union all select concat_ws(' ', 'type', typnamespace::regnamespace, typname) from pg_type where oid >= 16384 and typnamespace::regnamespace::text !~ '^pg_'
union all select concat_ws(' ', 'function', oid::regprocedure) from pg_proc where oid >= 16384
order by 1`,
  );
  return found.map(({ line }) => line);
}
