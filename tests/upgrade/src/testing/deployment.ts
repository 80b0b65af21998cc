import { join } from "node:path";

import { type ClientOptions, type MillraceClient, createClient } from "@millrace/client";
import { type RunningProcess, type Stage, freePort, patientEnv, startProcess } from "@millrace/e2e/processes";

/** An API of some release. */
export interface Api extends RunningProcess {
  readonly url: string;
}

/** The programs of one release, on a database. */
export interface Deployment {
  /** Runs the migrator to its end. */
  migrate(...args: readonly string[]): Promise<RunningProcess>;
  /** Makes a key of a tenant, straight in the database. */
  createKey(): Promise<string>;
  /** Resolves when it listens. */
  startApi(name: string): Promise<Api>;
  /** Resolves when it claims. */
  startWorker(name: string): Promise<RunningProcess>;
}

export interface DeploymentOptions {
  /** The release's files. */
  readonly root: string;
  readonly databaseUrl: string;
  /** What only this release understands: an unknown variable keeps a process from starting. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Long enough for every short job, so that what is handed back is what a test holds. */
const graceMs = "15s";

/** Describes how the programs of a release are started, each with the settings that all releases have. */
export function createDeployment(stage: Stage, { root, databaseUrl, env = {} }: DeploymentOptions): Deployment {
  const start = (name: string, program: string, own: Readonly<Record<string, string>>, args: readonly string[] = []) =>
    stage.keep(
      startProcess({
        name,
        program,
        root,
        args,
        cwd: stage.folder,
        env: { MILLRACE_PROFILE: "test", MILLRACE_LOGGING_LEVEL: "info", DATABASE_URL: databaseUrl, ...own },
      }),
    );
  const common = { ...patientEnv, ...env };

  return {
    async migrate(...args) {
      const migrator = start(`migrator ${args.join(" ")}`, "apps/migrator/src/main.ts", {}, args);
      await migrator.exited;
      return migrator;
    },
    async createKey() {
      const maker = start("create-key", "apps/api/src/create-key.ts", common, ["--name", "upgrade"]);
      await maker.exited;
      return maker.lines().find(({ text }) => !text.includes(" "))?.text ?? "";
    },
    async startApi(name) {
      const own = { MILLRACE_SERVER_PORT: "0", MILLRACE_SERVER_DRAIN_DELAY_MS: "10s" };
      const api = start(name, "apps/api/src/main.ts", { ...common, ...own });
      const { url } = await api.line(({ msg }) => msg === "Listening");
      return { ...api, url: String(url) };
    },
    async startWorker(name) {
      const worker = start(name, "apps/worker/src/main.ts", {
        ...common,
        MILLRACE_WORKER_NAME: name,
        MILLRACE_WORKER_HANDLERS: join(root, "tests/e2e/src/testing/recorded-jobs.ts"),
        MILLRACE_WORKER_HEALTH_PORT: String(await freePort()),
        MILLRACE_WORKER_LEASE_MS: "30s",
        MILLRACE_WORKER_HEARTBEAT_MS: "1s",
        // A killed worker has begun what it has claimed.
        MILLRACE_WORKER_PREFETCH: "0",
        MILLRACE_WORKER_SHUTDOWN_GRACE_MS: graceMs,
        // A signed call names its job.
        MILLRACE_WORKER_HTTP_REQUEST_SIGNING_SECRET: `whsec_${Buffer.from("a secret of these tests only").toString("base64")}`,
        MILLRACE_WORKER_HTTP_REQUEST_ALLOW_PRIVATE_NETWORKS: "127.0.0.1/32",
        E2E_HISTORY: stage.historyFolder,
      });
      await worker.line(({ msg }) => msg === "The worker is starting");
      return worker;
    },
  };
}

/** What the lake of a deployment needs: places for its files. */
export function lakeEnv(folder: string): Readonly<Record<string, string>> {
  return {
    MILLRACE_LAKE_PATH: join(folder, "lake"),
    MILLRACE_LAKE_CACHE_DIRECTORY: join(folder, "lake-cache"),
    MILLRACE_LAKE_LEASE_MS: "2s",
    MILLRACE_QUERY_QUEUE_TIMEOUT_MS: "60s",
  };
}

/** Makes the clients of one key. */
export function clientsOf(apiKey: string): (baseUrl: string, options?: Partial<ClientOptions>) => MillraceClient {
  return (baseUrl, options) => createClient({ baseUrl, apiKey, timeoutMs: 30_000, ...options });
}
