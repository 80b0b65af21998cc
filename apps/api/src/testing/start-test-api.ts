import { type Config, type GivenValue, loadConfig } from "@millrace/config";
import type { Scope } from "@millrace/contract";
import { type Composition, compose, issueKey } from "@millrace/core";
import { type TestDatabase, testDatabase } from "@millrace/storage/testing";
import { type LogDestination, createLogger, createMetrics } from "@millrace/telemetry";

import { createApi } from "../create-api.ts";
import { version } from "../version.ts";
import { findUndocumented } from "./find-undocumented.ts";

export interface TestApiOptions {
  /** Values of the configuration, by dotted key. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly waitersMax?: number;
  readonly claimWaitersMax?: number;
  readonly keyCheckMs?: number;
  /** Stands in for parts of the composition. */
  readonly replace?: (composition: Composition) => Composition;
  /** Another test's database, which stays its own. */
  readonly database?: TestDatabase;
  /** How the API reaches the database, if not directly. */
  readonly databaseUrl?: string;
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
  /** Every line that was logged, parsed. */
  readonly logs: readonly Readonly<Record<string, unknown>>[];
  /** Makes a key; all scopes unless said otherwise. */
  makeKey(options?: { tenantId?: string; scopes?: Scope[]; queues?: string[]; tables?: string[] }): Promise<TestKey>;
  /** `ask("POST /v1/jobs", { key, body })`; throws when the answer is not as documented. */
  ask(what: string, options?: RequestOptions): Promise<Reply>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Starts an API for a test. */
export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const database = options.database ?? (await testDatabase());
  const { config, profile } = loadConfig({
    sections: ["server", "database", "auth", "ingest"],
    env: { MILLRACE_PROFILE: "test", DATABASE_URL: options.databaseUrl ?? database.url },
    cwd: import.meta.dirname,
    overrides: toOverrides({ "server.port": 0, ...options.values }),
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
  const own = await compose(config, { logger, metrics, profile });
  const composition = options.replace?.(own) ?? own;
  const { waitersMax, claimWaitersMax, keyCheckMs } = options;
  const api = createApi({
    config: config.server,
    composition,
    logger,
    metrics,
    waitersMax,
    claimWaitersMax,
    keyCheckMs,
  });
  const url = await api.listen();
  return {
    url,
    port: Number(new URL(url).port),
    composition,
    config,
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
      await own.close();
      if (options.database === undefined) await database.close();
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
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  const json: unknown = isJson && text !== "" ? JSON.parse(text) : undefined;
  const undocumented = findUndocumented(method, new URL(response.url).pathname, response.status, json);
  if (undocumented !== undefined) throw new Error(undocumented);
  return { status: response.status, headers: response.headers, text, json: json as ReplyBody };
}

function toOverrides(values: Readonly<Record<string, unknown>>): Readonly<Record<string, GivenValue>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, source: "the test" }]));
}
