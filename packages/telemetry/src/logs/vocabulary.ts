/**
 * How a field's value is written: `plain` is one string, number, boolean or date; `list` an array of those; `counts` an object of
 * numbers; `url` a URL or path without user info, query and fragment; `error` an error's type, message, code and stack;
 * `payload` a user's own JSON, only where payloads are allowed in logs.
 */
export type FieldKind = "plain" | "list" | "counts" | "url" | "error" | "payload";

/** Every field name a log line may carry. A name that isn't here is written as `[redacted]`; this table is where it is added. */
export const logVocabulary = {
  tenant: "plain",
  traceId: "plain",
  errorCode: "plain",
  err: "error",
  reason: "plain",
  outcome: "plain",
  component: "plain",
  problems: "list",

  method: "plain",
  route: "plain",
  path: "url",
  url: "url",
  status: "plain",
  actor: "plain",
  client: "plain",
  keyId: "plain",
  scopes: "list",

  jobId: "plain",
  jobIds: "list",
  queue: "plain",
  queues: "list",
  type: "plain",
  types: "list",
  tags: "list",
  priority: "plain",
  attempt: "plain",
  attempts: "plain",
  maxAttempts: "plain",
  scheduledAt: "plain",
  leaseExpiresAt: "plain",
  duplicate: "plain",
  schedule: "plain",
  concurrencyKey: "plain",
  payload: "payload",
  result: "payload",
  progress: "payload",

  worker: "plain",
  concurrency: "plain",
  inFlight: "plain",
  prefetch: "plain",
  count: "plain",
  counts: "counts",
  jobs: "plain",
  claimed: "plain",
  completed: "plain",
  failed: "plain",
  rescued: "plain",
  released: "plain",
  lost: "plain",
  handlers: "list",

  statement: "plain",
  channel: "plain",
  connections: "plain",
  waiting: "plain",
  database: "plain",
  schema: "plain",
  serverVersion: "plain",
  table: "plain",
  partition: "plain",
  rows: "plain",
  version: "plain",
  migration: "plain",
  migrations: "list",
  direction: "plain",

  host: "plain",
  port: "plain",
  pid: "plain",
  node: "plain",
  file: "plain",
  signal: "plain",
  exitCode: "plain",
  step: "plain",
  checks: "list",
} as const satisfies Readonly<Record<string, FieldKind>>;

type PlainValue = string | number | bigint | boolean | Date | null | undefined;

interface FieldValues {
  readonly plain: PlainValue;
  readonly list: readonly PlainValue[] | undefined;
  readonly counts: Readonly<Record<string, number>> | undefined;
  readonly url: string | URL | undefined;
  readonly error: unknown;
  readonly payload: unknown;
}

type KnownFields = {
  readonly [Name in keyof typeof logVocabulary]?: FieldValues[(typeof logVocabulary)[Name]];
};

/** What a log call may say besides its message. Names outside the vocabulary are accepted, and written as `[redacted]`. */
export type LogFields = KnownFields & { readonly [name: string]: unknown };
