import { relative } from "node:path";

import type { CliIo } from "../io.ts";
import { Refusal } from "../refusal.ts";
import { warn } from "../warn.ts";
import { keepConnection } from "./connection-file.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { dataDirOf, type DevConfig, loadDevConfig, usesEmbedded, usesKeptKey } from "./dev-config.ts";
import type { DevFlags } from "./flags.ts";
import { keepKey } from "./keep-key.ts";
import type { Part } from "./part.ts";
import { assertPortFree } from "./port.ts";
import { readyText } from "./ready-text.ts";

export interface StartedDev {
  /** What to tell the user. */
  readonly text: string;
  /** How long what is under way may take when all this is stopped. */
  readonly graceMs: number;
}

/**
 * Starts everything in order, handing over each part once it runs, and answers what to do next; undefined if asked to stop
 * meanwhile. What can be wrong without anything running is looked at first. @throws Refusal, ConfigError, MillraceError
 */
export async function startDev(io: CliIo, flags: DevFlags, add: (part: Part) => void): Promise<StartedDev | undefined> {
  const first = loadDevConfig(io, flags);
  warn(io, first.warnings);
  await assertPortFree(first.config.server.host, first.config.server.port);
  const embedded = usesEmbedded(first);
  if (flags.reset && !embedded) throw refuseReset(first);

  // The slow modules are read while the database starts.
  const modules = loadModules();
  const path = dataDirOf(io, flags);
  const folder = embedded || usesKeptKey(first) ? await openDataFolder(path, { reset: flags.reset }) : undefined;
  if (folder !== undefined) add(folder);
  const key = folder === undefined ? undefined : await keepKey(folder.keyFile);
  const databaseUrl = embedded && folder !== undefined ? await startEmbeddedDatabase(io, folder, add) : undefined;
  const loaded = loadDevConfig(io, flags, { key, databaseUrl });

  const { migrate, startApiPart, startTraces, startWorkerPart, watchFaults } = await modules;
  if (!io.signal.aborted) await migrate(io, loaded, embedded);
  if (io.signal.aborted) return undefined;
  add(watchFaults(loaded));
  add(await startTraces(loaded));
  const api = await startApiPart(loaded);
  add(api);
  if (flags.worker) add(await startWorkerPart(loaded, io.cwd));
  const { auth, logging, server, worker } = loaded.config;
  const apiKey = auth.staticKeys[0]?.key ?? "";
  if (folder !== undefined) add(await keepConnection(folder.path, { url: api.url, apiKey }));
  const text = readyText({
    url: api.url,
    key: apiKey,
    worker: flags.worker,
    data: embedded
      ? `Data and the database's log are in ${shorten(io, path)}.`
      : `Data is in the database of ${sourceOf(loaded)}.`,
    logLevel: logging.level,
  });
  return { text, graceMs: Math.max(server.shutdownGraceMs, worker.shutdownGraceMs) };
}

/** Started early and awaited late: whoever awaits them hears of a failure, and an earlier failure must not make this one unhandled. */
function loadModules() {
  const modules = importModules();
  modules.catch(() => {});
  return modules;
}

async function importModules() {
  const [{ migrate }, { startApiPart }, { startTraces }, { startWorkerPart }, { watchFaults }] = await Promise.all([
    import("./migrate.ts"),
    import("./start-api.ts"),
    import("./start-traces.ts"),
    import("./start-worker.ts"),
    import("./watch-faults.ts"),
  ]);
  return { migrate, startApiPart, startTraces, startWorkerPart, watchFaults };
}

async function startEmbeddedDatabase(io: CliIo, folder: DataFolder, add: (part: Part) => void): Promise<string> {
  if (!folder.hasDatabase)
    io.stdout.write(`Making a database in ${shorten(io, folder.path)}; this takes some seconds.\n`);
  const { startDatabase } = await import("./start-database.ts");
  const database = await startDatabase(folder);
  add(database);
  return database.url;
}

function refuseReset(loaded: DevConfig): Refusal {
  return new Refusal(
    `--reset empties the data folder, but the database to use is the one of ${sourceOf(loaded)}. Drop its schema \`millrace\` by hand, or start without --reset.`,
  );
}

function sourceOf({ sources }: DevConfig): string {
  return sources["database.url"]?.label ?? "the configuration";
}

/** As a person at the working directory would write it. */
function shorten({ cwd }: CliIo, path: string): string {
  const short = relative(cwd, path);
  return short === "" || short.startsWith("..") ? path : short;
}
