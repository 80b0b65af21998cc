import {
  connectDirectly,
  createDatabase,
  createPostgresJobStore,
  type DirectConnection,
  hotSession,
} from "@millrace/storage";
import { up } from "@millrace/storage/migrate";

import { describeMachine } from "../describe-machine.ts";
import { openRecords } from "../queues/record.ts";
import { withDatabase } from "../queues/stage.ts";
import { readVersions } from "../queues/versions.ts";
import { withPostgres } from "../with-postgres.ts";
import { writeReport } from "../write-report.ts";
import { loadFinished } from "./load-finished.ts";
import { measureOperations } from "./operations.ts";
import { readHistoryOptions } from "./options.ts";
import { historyReport } from "./report.ts";

/** Not none: what is compared would then find nothing to list. */
const few = 20_000;

/** Measures claims and lists with a short and with a long history, and writes it up; the exit code. */
export async function runHistory(args: readonly string[]): Promise<number> {
  const { finished, samples, out } = readHistoryOptions(args);
  await withPostgres({}, (postgres) =>
    withDatabase(postgres, async (url) => {
      await up({ url });
      const database = createDatabase({ url, session: hotSession });
      const store = createPostgresJobStore(database);
      const connection = await connectDirectly({ url });
      try {
        const tell = (loaded: number) => console.error(`${loaded} finished jobs loaded`);
        await store.ensurePartitions();
        await loadFinished(connection, few, tell);
        await measureOperations(store, Math.ceil(samples / 10));
        const before = await measureOperations(store, samples);
        await loadFinished(connection, finished, tell);
        const after = await measureOperations(store, samples);
        const findings = {
          command: ["npx -y pnpm@12 bench history", ...args].join(" "),
          machine: describeMachine(),
          versions: await readVersions(postgres),
          finished,
          samples,
          historyBytes: await readBytes(connection),
          few,
          before,
          after,
        };
        openRecords("history").write({ at: new Date().toISOString(), ...findings });
        const page = historyReport(findings);
        console.log(page);
        console.error(`Written to ${await writeReport(out, "history.md", { page, charts: {} })}`);
      } finally {
        await connection.close();
        await store.close();
        await database.close();
      }
    }),
  );
  return 0;
}

async function readBytes(connection: DirectConnection): Promise<number> {
  const [row] = await connection.query<{ bytes: number }>({
    name: "bytes of history",
    text: `select sum(pg_total_relation_size(relid))::float8 as bytes from pg_partition_tree('millrace.job_history') where isleaf`,
  });
  return row?.bytes ?? 0;
}
