import { spawn } from "node:child_process";

import { testDatabase } from "@millrace/storage/testing";

import { makeTable } from "./make-table.ts";
import { measureUpload } from "./measure-upload.ts";
import { startTestApi } from "./start-test-api.ts";
const MB = 1024 * 1024;
const bytes = Number(process.argv[2]) * MB;
const size = Number(process.argv[3]);
const gzip = process.argv[4] === "gzip";
const database = await testDatabase();
const api = await startTestApi({ database });
await makeTable(api, { name: "t", columns: { n: "int64", filler: "varchar" } });
const { key } = await api.makeKey();
const child = spawn(
  process.execPath,
  [
    "--conditions=@millrace/source",
    ...(process.env.NODE_ARGS ?? "").split(" ").filter(Boolean),
    new URL("../main.ts", import.meta.url).pathname,
  ],
  {
    env: {
      ...process.env,
      MILLRACE_PROFILE: "dev",
      MILLRACE_LOGGING_FORMAT: "json",
      DATABASE_URL: database.url,
      PORT: "0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  },
);
import("node:fs").then((fs) => child.stdout.pipe(fs.createWriteStream("/tmp/ingest/child.log")));
const url: string = await new Promise((r) =>
  child.stdout.on("data", (t) => {
    const f = /"url":"([^"]+)"/.exec(t.toString())?.[1];
    if (f) r(f);
  }),
);
const filler = "x".repeat(size);
const line = (n: number) => JSON.stringify({ idempotencyKey: `k${n % 1000}`, payload: { n: n % 1000, filler } });
const start = performance.now();
const r = await measureUpload({ url, key, table: "t", gzip, line, bytes });
const s = (performance.now() - start) / 1000;
const m = await (await fetch(url + "/v1/metrics")).text();
console.log(
  JSON.stringify({
    MB: bytes / MB,
    size,
    gzip,
    s: s.toFixed(1),
    beforeMB: (r.beforeBytes / MB).toFixed(0),
    peakMB: (r.peakBytes / MB).toFixed(0),
    deltaMB: ((r.peakBytes - r.beforeBytes) / MB).toFixed(0),
    status: r.status,
    body: r.body.slice(0, 150),
  }),
);
console.log(
  m
    .split("\n")
    .filter((l) => /^nodejs_(heap_size|external|heap_space_size_used)|^process_cpu_seconds_total /.test(l))
    .join("\n"),
);
child.kill("SIGKILL");
await api.close();
await database.close();
