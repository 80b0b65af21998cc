import { type ProcessHost, type RunningProcess, startProcess } from "./start-process.ts";

/** Starts the migrator as a container does that runs once. */
export function startMigrator(
  stage: ProcessHost,
  databaseUrl: string,
  args: readonly string[] = ["up"],
): RunningProcess {
  return stage.keep(
    startProcess({
      name: `migrator ${args.join(" ")}`,
      program: "apps/migrator/src/main.ts",
      args,
      cwd: stage.folder,
      env: { MILLRACE_PROFILE: "test", MILLRACE_LOGGING_LEVEL: "info", DATABASE_URL: databaseUrl },
    }),
  );
}
