import { text } from "node:stream/consumers";

import type { Column } from "@millrace/contract";

import { createQueryEngine } from "../create-query-engine.ts";
import { viewSql } from "../views/view-sql.ts";
import { createLakeFolder } from "./lake-folder.ts";

// What the sandbox costs beside bare DuckDB on the same files, in pairs within one run:
// node --conditions=@millrace/source packages/lake/src/query/testing/measure-overhead.ts

const columns: readonly Column[] = [
  { fieldId: 1, name: "id", type: "int64", nullable: false },
  { fieldId: 2, name: "kind", type: "varchar", nullable: true },
  { fieldId: 3, name: "amount", type: "decimal(18,2)", nullable: true },
  { fieldId: 4, name: "ts", type: "timestamp", nullable: true },
];
const sql = "select kind, count(*), sum(amount), max(ts) from events group by kind order by kind";
const rowCount = 100_000;
const pairs = 60;
const warmUp = 10;

const folder = await createLakeFolder();
const engine = createQueryEngine({ children: 2, threads: 2, memoryBytes: 256 << 20, timeoutMsMax: 60_000 });
await engine.ready();
for (const fileCount of [1, 10, 100]) {
  const files = [];
  const rows = rowCount / fileCount;
  for (let file = 0; file < fileCount; file += 1) {
    const select = `select range, 'kind ' || range % 7, range / 100, timestamptz '2026-01-01 00:00:00Z' + to_seconds(range::bigint) from range(${file * rows}, ${(file + 1) * rows})`;
    const localPath = await folder.write(`${fileCount}-${file}.parquet`, columns, select);
    files.push({ localPath, version: 1 });
  }
  const table = { name: "events", columns, primaryKey: [], files };
  await folder.connection.run(viewSql(table).replace("CREATE VIEW", "CREATE OR REPLACE VIEW"));
  const bare: number[] = [];
  const ours: number[] = [];
  for (let pair = 0; pair < warmUp + pairs; pair += 1) {
    const bareMs = await timed(() => folder.connection.runAndReadAll(sql).then((reader) => reader.getRowsJson()));
    while (engine.stats().idle === 0) await new Promise(setImmediate);
    const oursMs = await timed(() =>
      engine
        .run({ tables: [table], sql, timeoutMs: 60_000, rowLimit: 1_000, bytesMax: 1_000_000, format: "json" })
        .then(({ body }) => text(body)),
    );
    if (pair < warmUp) continue;
    bare.push(bareMs);
    ours.push(oursMs);
  }
  const over = ours.map((value, index) => value - (bare[index] ?? 0));
  process.stdout.write(
    `${fileCount} files: bare ${shown(bare)}, through the engine ${shown(ours)}, overhead ${shown(over)} (p10 / p50 / p95, ms)\n`,
  );
}
await engine.close();
await folder.remove();

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function shown(values: readonly number[]): string {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
  return `${at(0.1)} / ${at(0.5)} / ${at(0.95)}`;
}
