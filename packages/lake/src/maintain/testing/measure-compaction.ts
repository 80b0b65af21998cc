import { randomUUID } from "node:crypto";

import { openMaintainWorld } from "./maintain-world.ts";

/**
 * Measures how fast small files are merged: `node --conditions=@millrace/source measure-compaction.ts [files] [rows of each]`.
 * Rows have eight columns of mixed types, and the rate counts everything: reading, sorting, writing, both fingerprints, the upload and the publication.
 */
const [files = 1_000, rowsEach = 1_000] = process.argv.slice(2).map(Number);
const world = await openMaintainWorld();
const table = await world.make({
  columns: [
    { fieldId: 1, name: "id", type: "int64", nullable: false },
    { fieldId: 2, name: "user", type: "varchar", nullable: true },
    { fieldId: 3, name: "page", type: "varchar", nullable: true },
    { fieldId: 4, name: "country", type: "varchar", nullable: true },
    { fieldId: 5, name: "at", type: "timestamp", nullable: true },
    { fieldId: 6, name: "price", type: "float64", nullable: true },
    { fieldId: 7, name: "amount", type: "int32", nullable: true },
    { fieldId: 8, name: "ok", type: "boolean", nullable: true },
  ],
});
let id = 0;
const event = () => {
  id++;
  const at = new Date(1_700_000_000_000 + id * 250).toISOString();
  return {
    key: randomUUID(),
    payload: `{"id":${id},"user":"u${id % 5_003}","page":"/p/${id % 211}","country":"${["de", "fr", "us"][id % 3]}","at":"${at}","price":${(id % 997) / 7},"amount":${id % 31},"ok":${id % 2 === 0}}`,
  };
};
for (let made = 0; made < files; made += 50) {
  const lists = Array.from({ length: Math.min(50, files - made) }, () => Array.from({ length: rowsEach }, event));
  await world.addFiles(table, lists);
}
const before = await world.lake.liveFiles(table.tableId);
const bytes = before.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
const mebibyte = 1_048_576;
const maintainer = world.maintainer({
  compaction: { filesMax: 100, inputsMax: 64, smallestTierBytes: mebibyte, tierRatio: 8, targetBytes: 256 * mebibyte },
});
const startedMs = performance.now();
const report = await maintainer.compact(table);
const seconds = (performance.now() - startedMs) / 1_000;
const rate = (count: number) => Math.round(count / seconds).toLocaleString("en");
process.stdout.write(
  `${files} files of ${rowsEach} rows, ${(bytes / mebibyte).toFixed(1)} MiB -> ${report.files} files, ${(report.bytesWritten / mebibyte).toFixed(1)} MiB written, in ${report.merges} merges and ${seconds.toFixed(1)} s: ${rate(report.rowsRead)} rows/s read, ${rate(files * rowsEach)} rows/s of the table\n`,
);
await world.close();
