import { startMeter } from "../../meter.ts";
import type { Values } from "../../queues/values.ts";
import type { BenchPostgres } from "../../with-postgres.ts";
import { awaitUntil } from "../await-until.ts";
import { fillLake } from "../fill.ts";
import type { LakeStorage } from "../storage.ts";
import { type BenchLake, readCatalogue, startLakeMeter, withLake } from "../with-lake.ts";
import { fileRows } from "./files.ts";
import { requireRows } from "./rate.ts";

/** Lets a worker merge the small files of a table, and checks that no row is gone. */
export function measureCompaction(postgres: BenchPostgres, storage: LakeStorage, files: number): Promise<Values> {
  return withLake(postgres, storage, async (lake) => {
    const filled = await fillLake(lake, fileRows, files);
    const values = await lake.withWorker({}, async (worker) => {
      const readParts = await startLakeMeter(postgres, lake.api.pid, worker.pid);
      const read = startMeter({ server: [postgres.pid], clients: [lake.api.pid, worker.pid] });
      await ask(lake, "POST", "/v1/queues/system.lake/resume");
      const startMs = performance.now();
      const job = (await ask(lake, "POST", "/v1/maintenance/compaction")) as { readonly id: string };
      await awaitDone(lake, job.id);
      const seconds = (performance.now() - startMs) / 1_000;
      const { otherShare } = read();
      const { walBytes: _, ...parts } = await readParts(fileRows);
      return {
        files: filled,
        perSecond: fileRows / seconds,
        filesPerSecond: filled / seconds,
        ...parts,
        ...(otherShare === undefined ? {} : { otherShare }),
      };
    });
    await requireRows(lake, fileRows);
    return { ...values, filesLeft: (await readCatalogue(lake.databaseUrl)).files };
  });
}

function awaitDone(lake: BenchLake, id: string): Promise<void> {
  return awaitUntil("The compaction", async () => {
    const { status } = (await ask(lake, "GET", `/v1/jobs/${id}`)) as { readonly status: string };
    if (status === "pending" || status === "running") return false;
    if (status !== "completed") throw new Error(`The compaction is ${status}`);
    return true;
  });
}

async function ask({ api, headers }: BenchLake, method: string, path: string): Promise<unknown> {
  const answer = await fetch(`${api.url}${path}`, { method, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}
