import { patient } from "./patient.ts";

const { statementTimeoutMs, lockTimeoutMs, connectTimeoutMs, acquireTimeoutMs } = patient;

/** The deadlines of `patient` by their keys in the configuration, for what a test composes. */
export const patientValues = {
  "database.statementTimeoutMs": statementTimeoutMs,
  "database.lockTimeoutMs": lockTimeoutMs,
  "database.connectTimeoutMs": connectTimeoutMs,
  "database.acquireTimeoutMs": acquireTimeoutMs,
} as const;

/** The same for a process that a test starts. */
export const patientEnv = {
  MILLRACE_DATABASE_STATEMENT_TIMEOUT_MS: String(statementTimeoutMs),
  MILLRACE_DATABASE_LOCK_TIMEOUT_MS: String(lockTimeoutMs),
  MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: String(connectTimeoutMs),
  MILLRACE_DATABASE_ACQUIRE_TIMEOUT_MS: String(acquireTimeoutMs),
} as const;
