import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, link, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Binaries } from "./binaries.ts";
import type { Identity } from "./identity.ts";
import { refusal } from "./refusal.ts";
import { serverEnvironment } from "./server-environment.ts";

/** Where things are in a data folder. */
export interface Layout {
  readonly dataDir: string;
  /** PostgreSQL's own folder. */
  readonly cluster: string;
  readonly passwordFile: string;
  readonly logFile: string;
  /** The process id of whoever started the server that runs there. */
  readonly ownerFile: string;
}

export interface ClusterOptions {
  readonly user: string;
  readonly password: string | undefined;
  /** False makes a folder that a power cut may break; for tests. */
  readonly durable: boolean;
}

const temporaryPrefix = "initialising-";
const leftoverAgeMs = 5 * 60_000;

/** Names the places of a data folder. */
export function layoutOf(dataDir: string): Layout {
  return {
    dataDir,
    cluster: join(dataDir, "cluster"),
    passwordFile: join(dataDir, "password"),
    logFile: join(dataDir, "postgres.log"),
    ownerFile: join(dataDir, "owner"),
  };
}

/**
 * Makes the data folder unless it is there, and answers the superuser's password.
 * The database is made beside its place and moved there when complete, so a kill at any moment leaves nothing half done.
 */
export async function ensureCluster(
  layout: Layout,
  binaries: Binaries,
  identity: Identity,
  options: ClusterOptions,
): Promise<string> {
  await mkdir(layout.dataDir, { recursive: true });
  const isMade = await isCluster(layout);
  const password = await ensurePassword(layout, isMade, options.password);
  if (!isMade) await initialise(layout, binaries, identity, { ...options, password });
  return password;
}

async function isCluster({ dataDir, cluster }: Layout): Promise<boolean> {
  if (!(await exists(cluster))) return false;
  if (await exists(join(cluster, "PG_VERSION"))) return true;
  throw refusal(
    `The data folder ${dataDir} holds something that is not a database. Choose another folder, or start over with an empty one.`,
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

async function ensurePassword(layout: Layout, isMade: boolean, given: string | undefined): Promise<string> {
  if (await exists(layout.passwordFile)) return readFile(layout.passwordFile, "utf8");
  if (isMade && given === undefined) {
    throw refusal(
      `The data folder ${layout.dataDir} has lost its file \`password\`. Restore it, or start over with an empty folder.`,
    );
  }
  // Linking a complete file into place: never a half-written one, and of two that start at once the first decides.
  const draft = `${layout.passwordFile}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, given ?? randomBytes(24).toString("base64url"), { mode: 0o600 });
    await link(draft, layout.passwordFile).catch((error: unknown) => {
      if (!hasCode(error, "EEXIST")) throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(layout.passwordFile, "utf8");
}

async function initialise(
  { dataDir, cluster }: Layout,
  binaries: Binaries,
  identity: Identity,
  { user, password, durable }: ClusterOptions,
): Promise<void> {
  await removeLeftovers(dataDir);
  const place = await mkdtemp(join(dataDir, temporaryPrefix));
  try {
    const passwordFile = join(place, "password");
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (identity.owner !== undefined) {
      await chown(passwordFile, identity.owner.uid, identity.owner.gid);
      await chown(place, identity.owner.uid, identity.owner.gid);
    }
    const made = join(place, "cluster");
    await run(binaries.initdb, identity, [
      `--pgdata=${made}`,
      `--username=${user}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--locale=C",
      "--encoding=UTF8",
      ...(durable ? [] : ["--no-sync"]),
    ]);
    await rename(made, cluster).catch((error: unknown) => {
      // Another process that started at the same moment was first; its database is as good.
      if (!hasCode(error, "ENOTEMPTY", "EEXIST")) throw error;
    });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Removes what a killed start left; a young one may belong to a start that is under way. */
async function removeLeftovers(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const path = join(dataDir, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > leftoverAgeMs) await rm(path, { recursive: true, force: true });
  }
}

async function run(program: string, identity: Identity, args: readonly string[]): Promise<void> {
  const [command = program, ...rest] = [...identity.prefix, program, ...args];
  const child = spawn(command, rest, {
    ...identity.spawn,
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe"],
    env: serverEnvironment,
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject);
  child.once("close", resolve);
  if ((await promise) !== 0) throw refuseInitialise(errors);
}

function refuseInitialise(errors: string): Error {
  const cause = new Error(errors.trim());
  if (errors.includes("Permission denied") && process.getuid?.() === 0) {
    return refusal(
      "PostgreSQL does not run as root, and the user it runs as instead may not enter the data folder or the program's. Choose a data folder outside /root, install `setpriv` (util-linux), or start as another user.",
      cause,
    );
  }
  const last =
    errors
      .trim()
      .split("\n")
      .findLast((line) => /error|fatal|could not/i.test(line)) ?? "initdb failed";
  return refusal(`The database could not be made: ${last.replace(/^.*(error|fatal|initdb): +/i, "")}.`, cause);
}
