import { chown, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { connectDirectly, type DirectConnection } from "@millrace/storage";
import { type EmbeddedPostgres, startEmbedded } from "@millrace/storage/embedded";

/** A PostgreSQL that keeps its write-ahead log in an archive. */
export interface ArchivedPostgres extends EmbeddedPostgres {
  /** Its data folder. */
  readonly cluster: string;
  /** Where complete segments of the log go. */
  readonly archive: string;
}

const archivedWithinMs = 60_000;

/** Starts one in a folder of its own. */
export async function startArchived(folder: string): Promise<ArchivedPostgres> {
  const archive = join(folder, "archive");
  const dataDir = join(folder, "primary");
  await mkdir(archive, { recursive: true });
  const server = await startEmbedded({
    dataDir,
    settings: {
      wal_level: "replica",
      archive_mode: "on",
      // Under its name a segment is there whole or not at all, and none is written twice.
      archive_command: `test ! -e '${archive}/%f' && cp '%p' '${archive}/%f.part' && mv '${archive}/%f.part' '${archive}/%f'`,
    },
  });
  // The server may run as another user, who has to write here from its first segment on; until then it tries again.
  const cluster = join(dataDir, "cluster");
  const { uid, gid } = await stat(cluster);
  await chown(archive, uid, gid);
  return { ...server, cluster, archive };
}

/** Ends the segment of the log that is written and waits until it is in the archive. */
export async function archiveAll(url: string): Promise<void> {
  const connection = await connectDirectly({ url });
  try {
    const last = await one<{ name: string }>(connection, "select pg_walfile_name(pg_current_wal_lsn()) as name");
    await connection.query({ name: "switch", text: "select pg_switch_wal()" });
    for (const deadlineMs = performance.now() + archivedWithinMs; ;) {
      const { done } = await one<{ done: boolean }>(
        connection,
        `select coalesce(max(last_archived_wal) >= '${last.name}', false) as done from pg_stat_archiver`,
      );
      if (done) return;
      if (performance.now() > deadlineMs) throw new Error(`PostgreSQL does not archive ${last.name}`);
      await delay(100);
    }
  } finally {
    await connection.close();
  }
}

/** The one row that a statement answers. */
export async function one<Row>(connection: DirectConnection, text: string): Promise<Row> {
  const [row] = await connection.query<Row>({ name: "drill", text });
  if (row === undefined) throw new Error(`PostgreSQL answers nothing to ${text}`);
  return row;
}
