import type { IngestLoadVerbs } from "../ingest-load/main.ts";
import { startRemote } from "../remote.ts";
import { awaitVisible, type BenchLake, readCatalogue } from "./with-lake.ts";

const batch = 1_000;

/**
 * Fills a lake with rows in so many files: the log is filled first, and a worker then writes it in equal parts while nothing merges them. Answers the files
 * that are live.
 */
export async function fillLake(lake: BenchLake, rows: number, files: number): Promise<number> {
  const { api, headers } = lake;
  const generator = startRemote<IngestLoadVerbs>("ingest-load/main.ts");
  try {
    const load = { url: api.ingestUrl, tenants: [headers], connections: 4, batch };
    await generator.call("post", { ...load, requests: rows / batch });
  } finally {
    await generator.end();
  }
  await pauseMerging(lake);
  await lake.withWorker({ MILLRACE_LAKE_FLUSH_ROWS: String(rows / files) }, () => awaitVisible(lake));
  return (await readCatalogue(lake.databaseUrl)).files;
}

/** The queue need not be there yet, since nothing was ever merged. */
async function pauseMerging({ api, headers }: BenchLake): Promise<void> {
  const queue = `${api.url}/v1/queues/system.lake`;
  const made = { method: "PUT", headers: { ...headers, "content-type": "application/json" }, body: "{}" };
  for (const answer of [await fetch(queue, made), await fetch(`${queue}/pause`, { method: "POST", headers })]) {
    if (!answer.ok) throw new Error(`Merging was not paused: ${await answer.text()}`);
  }
}
