import { chown, copyFile, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { connectDirectly } from "@millrace/storage";

import { type ArchivedPostgres, one } from "./archived-postgres.ts";

/** Folders whose content belongs to the running server; the log comes from the archive. */
const emptied = new Set([
  "pg_wal",
  "pg_replslot",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
]);
/** Of the running server alone, or made anew. */
const leftOut = /^(?:postmaster\.(?:pid|opts)|pgsql_tmp.*|pg_internal\.init.*)$/;

/**
 * Takes a base backup of a server that runs, as pg_basebackup does: the data folder is copied file by file between pg_backup_start and pg_backup_stop, and is good only
 * together with the log of that time, which is in the archive when this resolves. For servers that come without pg_basebackup.
 */
export async function backUp(
  { url, cluster }: Pick<ArchivedPostgres, "url" | "cluster">,
  target: string,
): Promise<void> {
  // The session that begins a backup has to end it.
  const connection = await connectDirectly({ url });
  try {
    await one(connection, "select pg_backup_start('drill', true)");
    await copyCluster(cluster, target);
    const { label } = await one<{ label: string }>(connection, "select labelfile as label from pg_backup_stop(true)");
    await writeFile(join(target, "backup_label"), label);
    await giveAs(cluster, join(target, "backup_label"));
  } finally {
    await connection.close();
  }
}

/** Copies a data folder with its owner. What goes away meanwhile is in the log, and so is what changes while it is read. */
export async function copyCluster(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  await giveAs(from, to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const { name } = entry;
    if (leftOut.test(name)) continue;
    const [source, copy] = [join(from, name), join(to, name)];
    if (entry.isSymbolicLink()) throw new Error(`The drill copies no tablespaces: ${source}`);
    if (!entry.isDirectory()) await copyUnlessGone(source, copy);
    else if (emptied.has(name)) await makeAs(source, copy);
    else await copyCluster(source, copy);
  }
}

async function makeAs(like: string, folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  await giveAs(like, folder);
}

async function giveAs(like: string, path: string): Promise<void> {
  const { uid, gid } = await stat(like);
  await chown(path, uid, gid);
}

async function copyUnlessGone(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
    await giveAs(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
