import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connectDirectly, type DirectConnection } from "@millrace/storage";
import { startEmbedded } from "@millrace/storage/embedded";

/** A PostgreSQL that exists for one run. */
export interface BenchPostgres {
  readonly url: string;
  /** Its main process. */
  readonly pid: number;
  readonly admin: DirectConnection;
}

/** Runs `fn` on a PostgreSQL of its own, fsync included, whose data are removed afterwards; what `settings` doesn't name is stock. */
export async function withPostgres<Result>(
  settings: Readonly<Record<string, string>>,
  fn: (postgres: BenchPostgres) => Promise<Result>,
): Promise<Result> {
  const dataDir = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  const interrupted = () => {
    // The server ends with this process; its data would stay.
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    process.exit(130);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  const embedded = await startEmbedded({ dataDir, settings });
  try {
    const admin = await connectDirectly({ url: embedded.url });
    try {
      return await fn({ url: embedded.url, pid: embedded.pid, admin });
    } finally {
      await admin.close();
    }
  } finally {
    await embedded.stop();
    await rm(dataDir, { recursive: true, force: true });
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  }
}
