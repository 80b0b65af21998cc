export * from "./check-schema.ts";
export * from "./error.ts";
export type { MigrationEvent, MigrationLog } from "./log.ts";
export { bundledMigrationsDir } from "./read-migrations.ts";
export type { ChangeOptions, MigrateOptions } from "./run.ts";
export { up, type UpOptions } from "./up.ts";
