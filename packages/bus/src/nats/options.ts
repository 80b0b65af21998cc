import { MillraceError } from "@millrace/contract";
import type { Database } from "@millrace/storage";
import { type Logger, silentLogger } from "@millrace/telemetry";

/** Points between the steps of the bus, where a test can end it. */
export type NatsBusPoint = "looked-up" | "published" | "recorded" | "read" | "settled";

export interface NatsBusOptions {
  /** Stays open when the bus is closed: it is its owner's. May lead to a transaction-mode pooler, but for `onPublished`. */
  readonly db: Database;
  /** Addresses of servers of one cluster, such as `nats://host:4222` or `tls://host:4222`. */
  readonly servers: readonly string[];
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** File with a signed token and the seed that goes with it; read at each connection. */
  readonly credentialsFile?: string | undefined;
  /** File of the authority that has signed the servers' certificates; default those that Node knows. */
  readonly caFile?: string | undefined;
  /** First token of all subjects, and in capitals of all streams; default `ev`. */
  readonly prefix?: string | undefined;
  /** Streams that tenants are spread over; default 1. */
  readonly shards?: number | undefined;
  /** Servers that keep a copy of each message, 1 to 5; default 1. */
  readonly replicas?: number | undefined;
  /** Size of one stream at most; default 4 GiB. A full one refuses what comes. */
  readonly streamBytesMax?: number | undefined;
  /** How long the server itself knows the ids of messages; default 2 minutes. Nothing doubles after it: keys are known in PostgreSQL for longer. */
  readonly duplicateWindowMs?: number | undefined;
  /** How long an idempotency key is known at least; default 7 days. */
  readonly keyWindowMs?: number | undefined;
  /** Where events are published to; default `nats`. With `postgres` what is still in streams is consumed, and nothing is added. */
  readonly publishTo?: "nats" | "postgres" | undefined;
  /** Messages of one publish that wait for their acknowledgement at most; default 1,000. */
  readonly inFlightMax?: number | undefined;
  /** Deadline of one request to a server; default 5 s. */
  readonly timeoutMs?: number | undefined;
  /** How long a stream must go on saying that acknowledged messages are gone before they are given up as lost; default 30 s. */
  readonly lossConfirmMs?: number | undefined;
  readonly logger?: Logger | undefined;
  /** Is awaited at each point; for tests. */
  readonly atPoint?: ((point: NatsBusPoint) => Promise<void>) | undefined;
}

/** What has no default. */
type Given = "db" | "servers" | "user" | "password" | "credentialsFile" | "caFile" | "keyWindowMs";

/** Options with every default in place. */
export type NatsBusSettings = Pick<NatsBusOptions, Given> & {
  readonly [Name in Exclude<keyof NatsBusOptions, Given>]-?: Exclude<NatsBusOptions[Name], undefined>;
};

const gibibyte = 1_024 ** 3;

/** Checks the options and fills in what is left out. @throws VALIDATION_FAILED */
export function readOptions(options: NatsBusOptions): NatsBusSettings {
  const settings: NatsBusSettings = {
    ...options,
    prefix: options.prefix ?? "ev",
    shards: options.shards ?? 1,
    replicas: options.replicas ?? 1,
    streamBytesMax: options.streamBytesMax ?? 4 * gibibyte,
    duplicateWindowMs: options.duplicateWindowMs ?? 120_000,
    publishTo: options.publishTo ?? "nats",
    inFlightMax: options.inFlightMax ?? 1_000,
    timeoutMs: options.timeoutMs ?? 5_000,
    lossConfirmMs: options.lossConfirmMs ?? 30_000,
    logger: options.logger ?? silentLogger,
    atPoint: options.atPoint ?? (() => Promise.resolve()),
  };
  must(settings.servers.length > 0, "servers", "at least one address");
  must(/^[a-z][a-z0-9_-]{0,31}$/.test(settings.prefix), "prefix", "up to 32 small letters, digits, - and _");
  must(isWithin(settings.shards, 1, 1_024), "shards", "an integer from 1 to 1,024");
  must(isWithin(settings.replicas, 1, 5), "replicas", "an integer from 1 to 5");
  must(isWithin(settings.inFlightMax, 1, 100_000), "inFlightMax", "an integer from 1 to 100,000");
  must(settings.duplicateWindowMs >= 100, "duplicateWindowMs", "at least 100 ms");
  must(settings.streamBytesMax >= 1_024 ** 2, "streamBytesMax", "at least 1 MiB");
  return settings;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

function must(holds: boolean, path: string, expected: string): void {
  if (holds) return;
  throw new MillraceError("VALIDATION_FAILED", `${path} must be ${expected}.`, {
    errors: [{ path, code: "invalid", message: `must be ${expected}` }],
  });
}
