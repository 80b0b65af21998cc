export type { MigratorIo } from "./io.ts";
export { runMigrator } from "./run-migrator.ts";
