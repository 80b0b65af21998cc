import { randomUUID } from "node:crypto";

import { sweepDatabases } from "./clone-database.ts";
import { shareServer, unshareServer } from "./environment.ts";
import { startPostgres } from "./start-postgres.ts";
import type { TestPostgres } from "./start-postgres.ts";

interface Shared {
  users: number;
  readonly run: string;
  readonly server: Promise<TestPostgres>;
}

// Each project of a run evaluates this module on its own; what they share hangs on the process.
const place = Symbol.for("@millrace/storage/testing/server");
const holder = globalThis as { [place]?: Shared | undefined };

/** Starts the one server of a vitest run and makes it known to the workers: name this module in `globalSetup`. */
export async function setup(): Promise<void> {
  holder[place] ??= { users: 0, run: randomUUID(), server: startPostgres() };
  const shared = holder[place];
  shared.users++;
  const { url } = await shared.server;
  await sweepDatabases(url);
  shareServer(url, shared.run);
}

/** Drops what the run's test files left behind and stops the server after its last user. */
export async function teardown(): Promise<void> {
  const shared = holder[place];
  if (shared === undefined || --shared.users > 0) return;
  holder[place] = undefined;
  unshareServer();
  const server = await shared.server;
  if (server.source !== "embedded") await sweepDatabases(server.url, shared.run);
  await server.stop();
}
