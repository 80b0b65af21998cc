import { relative, resolve } from "node:path";

import type { CliIo } from "../io.ts";
import { Refusal } from "../refusal.ts";
import { warn } from "../warn.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { type DevConfig, loadDevConfig, usesEmbedded, usesKeptKey } from "./dev-config.ts";
import type { DevFlags } from "./flags.ts";
import { keepKey } from "./keep-key.ts";
import type { Part } from "./part.ts";
import { assertPortFree } from "./port.ts";
import { readyText } from "./ready-text.ts";

const dataDirDefault = ".millrace";

/**
 * Starts everything in order, handing over each part once it runs, and answers what to tell the user; undefined if asked to stop
 * meanwhile. What can be wrong without anything running is looked at first. @throws Refusal, ConfigError, MillraceError
 */
export async function startDev(io: CliIo, flags: DevFlags, add: (part: Part) => void): Promise<string | undefined> {
  const first = loadDevConfig(io, flags);
  warn(io, first.warnings);
  await assertPortFree(first.config.server.host, first.config.server.port);
  const embedded = usesEmbedded(first);
  if (flags.reset && !embedded) throw refuseReset(first);

  // The slow modules are read while the database starts.
  const modules = loadModules();
  const path = resolve(io.cwd, flags.dataDir ?? dataDirDefault);
  const folder = embedded || usesKeptKey(first) ? await openDataFolder(path, { reset: flags.reset }) : undefined;
  if (folder !== undefined) add(folder);
  const key = folder === undefined ? undefined : await keepKey(folder.keyFile);
  const databaseUrl = embedded && folder !== undefined ? await startEmbeddedDatabase(io, folder, add) : undefined;
  const loaded = loadDevConfig(io, flags, { key, databaseUrl });

  const { migrate, startApi, startWorker } = await modules;
  if (!io.signal.aborted) await migrate(io, loaded, embedded);
  if (io.signal.aborted) return undefined;
  const api = await startApi(loaded);
  add(api);
  if (flags.worker && !io.signal.aborted) add(await startWorker(loaded));
  if (io.signal.aborted) return undefined;
  return readyText({
    url: api.url,
    key: loaded.config.auth.staticKeys[0]?.key ?? "",
    worker: flags.worker,
    data: embedded ? `Data is kept in ${shorten(io, path)}.` : `Data is in the database of ${sourceOf(loaded)}.`,
    logLevel: loaded.config.logging.level,
  });
}

function loadModules() {
  const modules = Promise.all([import("./migrate.ts"), import("./start-api.ts"), import("./start-worker.ts")]).then(
    ([{ migrate }, { startApi }, { startWorker }]) => ({ migrate, startApi, startWorker }),
  );
  // Whoever awaits them hears of a failure; an earlier failure must not make this one an unhandled one.
  modules.catch(() => {});
  return modules;
}

async function startEmbeddedDatabase(io: CliIo, folder: DataFolder, add: (part: Part) => void): Promise<string> {
  if (!folder.hasDatabase) io.stdout.write(`Making a database in ${shorten(io, folder.path)}; this takes some seconds.\n`);
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
