import type { DatabaseOptions } from "../database.ts";

/** Deadlines for tests: what is tested is what happens, not how fast a busy machine is. */
export const patient = {
  statementTimeoutMs: 30_000,
  transactionTimeoutMs: 60_000,
  lockTimeoutMs: 20_000,
  connectTimeoutMs: 20_000,
  acquireTimeoutMs: 20_000,
} as const satisfies Partial<DatabaseOptions>;
