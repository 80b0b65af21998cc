import {
  type ProcessHost,
  freePort,
  recordedTypes,
  startApi,
  startProcess,
  startWorker,
} from "@millrace/e2e/processes";
import { type TcpProxy, cloneDatabase, startTcpProxy, startTestServer } from "@millrace/storage/testing";

import { type Member, createMember } from "./member.ts";

/** Everything that runs, and everything that can be broken. */
export interface Fleet {
  readonly api: readonly Member[];
  readonly apiUrls: readonly string[];
  readonly worker: readonly Member[];
  readonly leaseWorker: readonly Member[];
  /** Between the processes and PostgreSQL, one for each API and worker. */
  readonly wires: readonly TcpProxy[];
  readonly databaseUrl: string;
  readonly postgres: {
    restart(options: { readonly mode: "fast" | "immediate"; readonly downMs: number }): Promise<void>;
  };
  /** Wakes what sleeps, starts what is down, and makes all wires good. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly apis: number;
  readonly workers: number;
  readonly leaseWorkers: number;
  readonly leaseMs: number;
  /** Settings of PostgreSQL, to break it. */
  readonly postgres?: Readonly<Record<string, string>>;
}

const leaseWorkerProgram = "tests/chaos/src/testing/fleet/lease-worker.ts";
/** Short, so that a connection that a black hole has swallowed is given up while the run lasts. */
const deadlines = {
  MILLRACE_DATABASE_ACQUIRE_TIMEOUT_MS: "5000",
  MILLRACE_DATABASE_STATEMENT_TIMEOUT_MS: "5000",
  MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: "5000",
  MILLRACE_DATABASE_LOCK_TIMEOUT_MS: "1000",
};

/** Starts a PostgreSQL, APIs, workers of the product, and workers that work over HTTP. */
export async function startFleet(host: ProcessHost, options: FleetOptions): Promise<Fleet> {
  const server = await startTestServer({ ...(options.postgres && { settings: options.postgres }) });
  const { url: databaseUrl } = await cloneDatabase(server.url);
  const wires: TcpProxy[] = [];
  const wired = async (): Promise<string> => {
    const wire = await startTcpProxy({ port: server.port });
    wires.push(wire);
    return wire.through(databaseUrl);
  };
  const many = <Item>(count: number, make: (index: number) => Promise<Item>) =>
    Promise.all(Array.from({ length: count }, (_, index) => make(index)));

  const apis = await many(options.apis, async (index) => {
    const [name, port, url] = [`api-${index + 1}`, await freePort(), await wired()];
    const env = { ...deadlines, MILLRACE_SERVER_PORT: String(port) };
    const member = createMember(name, () => startApi(host, { name, databaseUrl: url, env }));
    return { member, url: `http://127.0.0.1:${port}` };
  });
  const apiUrls = apis.map(({ url }) => url);
  const worker = await many(options.workers, async (index) => {
    const [name, url] = [`worker-${index + 1}`, await wired()];
    const env = {
      ...deadlines,
      MILLRACE_WORKER_LEASE_MS: String(options.leaseMs),
      MILLRACE_WORKER_HEARTBEAT_MS: String(Math.floor(options.leaseMs / 5)),
      MILLRACE_WORKER_CONCURRENCY: "8",
    };
    return createMember(name, () => startWorker(host, { name, databaseUrl: url, env }));
  });
  const leaseWorker = await many(options.leaseWorkers, async (index) => {
    const name = `lease-worker-${index + 1}`;
    const env = {
      CHAOS_APIS: apiUrls.join(","),
      CHAOS_HISTORY: host.historyFolder,
      CHAOS_LEASE_MS: String(options.leaseMs),
      CHAOS_NAME: name,
      CHAOS_TYPES: recordedTypes.join(","),
    };
    return createMember(name, async () =>
      host.keep(startProcess({ name, program: leaseWorkerProgram, cwd: host.folder, env })),
    );
  });
  const members = [...apis.map(({ member }) => member), ...worker, ...leaseWorker];
  await Promise.all(members.map((member) => member.start()));

  let restarting: Promise<void> = Promise.resolve();
  return {
    api: apis.map(({ member }) => member),
    apiUrls,
    worker,
    leaseWorker,
    wires,
    databaseUrl,
    postgres: {
      restart({ mode, downMs }) {
        restarting = restarting.then(async () => {
          await server.stop({ mode });
          await new Promise((resolve) => setTimeout(resolve, downMs));
          await server.start();
        });
        return restarting;
      },
    },
    async heal() {
      await restarting;
      for (const wire of wires) wire.heal();
      for (const member of members) member.signal("SIGCONT");
      await Promise.all(members.map((member) => member.start()));
    },
    async close() {
      await Promise.all(members.map((member) => member.kill()));
      await Promise.all(wires.map((wire) => wire.close()));
      await server.remove();
    },
  };
}
