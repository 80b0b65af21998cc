import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Config, type GivenValue, loadConfig } from "@millrace/config";
import type { Scope } from "@millrace/contract";
import {
  type Composition,
  type RunningMaterialiser,
  type StartMaterialiserOptions,
  compose,
  issueKey,
  startMaterialiser,
} from "@millrace/core";
import { patientValues, type TestDatabase, testDatabase } from "@millrace/storage/testing";
import { type LogDestination, createLogger, createMetrics } from "@millrace/telemetry";

import { createApi } from "../create-api.ts";
import { version } from "../version.ts";
import { findUndocumented } from "./find-undocumented.ts";

export interface TestApiOptions {
  /** Values of the configuration, by dotted key. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly waitersMax?: number;
  readonly servesMetrics?: boolean;
  readonly claimWaitersMax?: number;
  readonly keyCheckMs?: number;
  /** Stands in for parts of the composition. */
  readonly replace?: (composition: Composition) => Composition;
  /** Another test's database, which stays its own. */
  readonly database?: TestDatabase;
  /** How the API reaches the database, if not directly. */
  readonly databaseUrl?: string;
  /** With a lake in a folder of its own, which events are carried into as by a worker beside it. */
  readonly lake?: true;
}

export interface TestKey {
  readonly id: string;
  readonly key: string;
  readonly tenantId: string;
}

/** What tests read of a JSON body: a field that isn't there is undefined all the same. */
export interface ReplyBody {
  readonly [name: string]: unknown;
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly start: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly duplicate: boolean;
  readonly items: readonly ReplyBody[];
  readonly nextCursor: string | null;
  readonly checks: readonly unknown[];
  readonly errors: readonly { readonly path: string; readonly code: string }[];
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, if it is JSON. */
  readonly json: ReplyBody;
}

export interface RequestOptions {
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is text or bytes. */
  readonly body?: unknown;
}

/** The API as it runs in production, on a database of its own and a free port. */
export interface TestApi {
  readonly url: string;
  readonly port: number;
  readonly composition: Composition;
  readonly config: Pick<Config, "server" | "database" | "auth" | "ingest">;
  /** Stops and starts what carries events into the lake. */
  readonly materialiser: { stop(): Promise<void>; start(): Promise<void> };
  /** Every line that was logged, parsed. */
  readonly logs: readonly Readonly<Record<string, unknown>>[];
  /** Makes a key; all scopes unless said otherwise. */
  makeKey(options?: { tenantId?: string; scopes?: Scope[]; queues?: string[]; tables?: string[] }): Promise<TestKey>;
  /** `ask("POST /v1/jobs", { key, body })`; throws when the answer is not as documented. */
  ask(what: string, options?: RequestOptions): Promise<Reply>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Nothing is refused because the machine is busy. */
const patience = { ...patientValues, "query.queueTimeoutMs": 60_000, "query.consistencyTimeoutMs": 60_000 } as const;

/** Starts an API for a test. */
export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const database = options.database ?? (await testDatabase());
  const folder = await mkdtemp(join(tmpdir(), "millrace-api-"));
  const { config, profile } = loadConfig({
    sections: ["server", "database", "auth", "ingest", "lake", "query"],
    env: { MILLRACE_PROFILE: "test", DATABASE_URL: options.databaseUrl ?? database.url },
    cwd: import.meta.dirname,
    overrides: toOverrides({
      ...patience,
      "server.port": 0,
      "lake.path": join(folder, "lake"),
      "lake.cacheDirectory": join(folder, "cache"),
      ...options.values,
    }),
  });
  const logs: Record<string, unknown>[] = [];
  const destination: LogDestination = {
    // Lines that belong together may come in one write.
    write: (text) => {
      for (const line of text.trimEnd().split("\n")) logs.push(JSON.parse(line) as Record<string, unknown>);
    },
  };
  const logger = createLogger({ service: "api", profile, level: "debug", format: "json", destination });
  const metrics = createMetrics({ service: "api", version, defaultMetrics: false });
  const { lake, query: _query, ...rest } = config;
  const own = await compose(options.lake === true ? config : rest, { logger, metrics, profile });
  const materialiser = createMaterialiserSwitch(
    own.lake && {
      ...own,
      lake: own.lake,
      settings: lake,
      logger,
      metrics: createMetrics({ service: "worker", version, defaultMetrics: false }),
    },
  );
  if (options.lake === true) await materialiser.start();
  const composition = options.replace?.(own) ?? own;
  const { waitersMax, claimWaitersMax, keyCheckMs, servesMetrics } = options;
  const api = createApi({
    config: config.server,
    composition,
    logger,
    metrics,
    waitersMax,
    claimWaitersMax,
    keyCheckMs,
    servesMetrics,
  });
  const url = await api.listen();
  return {
    url,
    port: Number(new URL(url).port),
    composition,
    config,
    materialiser,
    logs,
    async makeKey({ tenantId = "acme", scopes = ["*" as const], queues, tables } = {}) {
      const { stored, key } = await issueKey(
        own.keys,
        {
          tenantId,
          name: "test",
          scopes,
          ...(queues === undefined ? {} : { queues }),
          ...(tables === undefined ? {} : { tables }),
        },
        "dev",
      );
      return { id: stored.id, key, tenantId };
    },
    ask: (what, request) => ask(url, what, request),
    drain: () => api.drain(),
    async close() {
      await api.close();
      await materialiser.stop();
      await own.close();
      await rm(folder, { recursive: true, force: true });
      if (options.database === undefined) await database.close();
    },
  };
}

function createMaterialiserSwitch(options: StartMaterialiserOptions | undefined): TestApi["materialiser"] {
  let running: RunningMaterialiser | undefined;
  return {
    async start() {
      if (options === undefined) throw new Error("This API has no lake");
      running ??= await startMaterialiser(options);
    },
    async stop() {
      await running?.stop();
      running = undefined;
    },
  };
}

async function ask(url: string, what: string, { key, headers = {}, body }: RequestOptions = {}): Promise<Reply> {
  const [method = "GET", path = "/"] = what.split(" ");
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined
      ? {}
      : { body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const contentType = response.headers.get("content-type") ?? "";
  const isJson = /^application\/(?:problem\+)?json\b/.test(contentType);
  const json: unknown = isJson && text !== "" ? JSON.parse(text) : undefined;
  const { pathname } = new URL(response.url);
  const undocumented = findUndocumented(method, pathname, response.status, json, contentType);
  if (undocumented !== undefined) throw new Error(undocumented);
  return { status: response.status, headers: response.headers, text, json: json as ReplyBody };
}

function toOverrides(values: Readonly<Record<string, unknown>>): Readonly<Record<string, GivenValue>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, source: "the test" }]));
}
