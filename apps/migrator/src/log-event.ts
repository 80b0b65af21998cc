import type { MigrationLog } from "@millrace/storage/migrate";
import type { Logger } from "@millrace/telemetry";

/** Writes what a run does as log lines. */
export function logEvent(logger: Logger, direction: "up" | "down"): MigrationLog {
  return ({ message, version, name, attempt, durationMs }) =>
    logger.info({ direction, version, migration: name, attempt, durationMs }, message);
}
