import { chown, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type EmbeddedPostgres, startEmbedded } from "@millrace/storage/embedded";

import { copyCluster } from "./back-up.ts";

export interface RestoreOptions {
  /** The base backup; it stays as it is. */
  readonly backup: string;
  readonly archive: string;
  /** Where the restored server lives. */
  readonly folder: string;
  /** As PostgreSQL writes it: what was committed later is not replayed. */
  readonly targetTime: string;
  /** Of the server that was backed up: users and passwords are in the backup. */
  readonly url: string;
}

/** Starts a server on the backup, which replays the log up to a point in time and goes on from there on a timeline of its own. */
export async function restore({ backup, archive, folder, targetTime, url }: RestoreOptions): Promise<EmbeddedPostgres> {
  const dataDir = join(folder, "restored");
  const cluster = join(dataDir, "cluster");
  await mkdir(dataDir, { recursive: true });
  await copyCluster(backup, cluster);
  const signal = join(cluster, "recovery.signal");
  await writeFile(signal, "");
  const { uid, gid } = await stat(backup);
  await chown(signal, uid, gid);
  return startEmbedded({
    dataDir,
    password: decodeURIComponent(new URL(url).password),
    settings: {
      restore_command: `cp '${archive}/%f' '%p'`,
      recovery_target_time: targetTime,
      recovery_target_action: "promote",
      // Nobody is let in before the point is reached.
      hot_standby: "off",
    },
  });
}
