const ms = 30_000;
const lockMs = 20_000;

/** Deadlines of the database that a busy machine meets as well: these tests are about what happens, not about how fast. */
export const patient = {
  acquireTimeoutMs: ms,
  statementTimeoutMs: ms,
  connectTimeoutMs: ms,
  lockTimeoutMs: lockMs,
} as const;

/** The same for a process. */
export const patientEnv = {
  MILLRACE_DATABASE_ACQUIRE_TIMEOUT_MS: String(ms),
  MILLRACE_DATABASE_STATEMENT_TIMEOUT_MS: String(ms),
  MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: String(ms),
  MILLRACE_DATABASE_LOCK_TIMEOUT_MS: String(lockMs),
} as const;
