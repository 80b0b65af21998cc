import { runMigrator } from "./run-migrator.ts";

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

const { stdout, stderr } = process;
process.exitCode = await runMigrator(process.argv.slice(2), undefined, { stdout, stderr, signal: stop.signal });
