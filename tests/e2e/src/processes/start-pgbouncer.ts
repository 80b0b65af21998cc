import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { freePort } from "../testing/free-port.ts";

/** A pooler in transaction mode in front of a server. */
export interface PgBouncer {
  /** The URL of the database through the pooler. */
  readonly url: string;
  close(): Promise<void>;
}

const readyWithinMs = 30_000;

/** As little as a deployment would write; without `database.prepare` connections ask for no setting that it would refuse. */
function configuration({ hostname, port, username, password }: URL, listenPort: number): string {
  const target = `host=${hostname} port=${port || "5432"} user=${username} password='${decodeURIComponent(password)}'`;
  return `[databases]
* = ${target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
`;
}

/** Starts Debian's PgBouncer. Five sessions of the server serve all comers, so that a session is everybody's. */
export async function startPgBouncer(folder: string, databaseUrl: string): Promise<PgBouncer> {
  if (spawnSync("pgbouncer", ["--version"], { stdio: "ignore" }).status !== 0) {
    throw new Error("There is no PgBouncer to test with: install Debian's package pgbouncer");
  }
  const port = await freePort();
  const file = join(folder, `pgbouncer-${port}.ini`);
  await writeFile(file, configuration(new URL(databaseUrl), port), { mode: 0o644 });
  // It refuses to be root; it has read its file before it changes.
  const asUser = process.getuid?.() === 0 ? ["--user", "nobody"] : [];
  // The kernel ends it with this process, however that ends.
  const args = ["--pdeathsig", "KILL", "--", "pgbouncer", "--quiet", ...asUser, file];
  const server = spawn("setpriv", args, { stdio: "ignore" });
  const exited = once(server, "exit");
  await accepting(port, () => server.exitCode === null);
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return {
    url: url.href,
    async close() {
      server.kill("SIGKILL");
      await exited;
    },
  };
}

async function accepting(port: number, isAlive: () => boolean): Promise<void> {
  for (const deadlineMs = performance.now() + readyWithinMs; ;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    if (!isAlive() || performance.now() > deadlineMs) throw new Error("PgBouncer did not start");
    await delay(50);
  }
}
