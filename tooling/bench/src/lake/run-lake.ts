import { describeMachine } from "../describe-machine.ts";
import { type BenchRecord, openRecords, readRecords } from "../queues/record.ts";
import { choose, refuseUnknown, runRounds } from "../queues/run-rounds.ts";
import { versionsOf } from "../queues/versions.ts";
import { withPostgres } from "../with-postgres.ts";
import { writeReport } from "../write-report.ts";
import { lakeMeasures } from "./measures.ts";
import { type LakeOptions, readLakeOptions } from "./options.ts";
import { lakeReport } from "./report.ts";
import { withLakeStorage } from "./storage.ts";

const libraries = ["@duckdb/node-api", "hono", "@hono/node-server", "postgres"];

/** Measures the way of events into the lake and out of it, and writes it up; the exit code. */
export async function runLake(args: readonly string[]): Promise<number> {
  const options = readLakeOptions(args);
  const records = options.from === undefined ? await measureAll(args, options) : readRecords(options.from);
  const name = options.store === "fs" ? "lake" : "lake-s3";
  const report = lakeReport(records, name);
  console.log(report.page);
  console.error(`Written to ${await writeReport(options.out, `${name}.md`, report)}`);
  return records.some(({ kind }) => kind === "failure") ? 1 : 0;
}

async function measureAll(args: readonly string[], options: LakeOptions): Promise<readonly BenchRecord[]> {
  const records: BenchRecord[] = [];
  const file = openRecords(`lake-${options.store}`);
  const write = (record: BenchRecord) => {
    records.push(record);
    file.write(record);
  };
  await withLakeStorage(options.store, (storage) =>
    withPostgres({}, async (postgres) => {
      const measures = lakeMeasures(storage, options);
      const entries = (measure: (typeof measures)[number]) => measure.entries(postgres, options);
      refuseUnknown(
        options.only,
        measures.flatMap((measure) => [measure, ...entries(measure)]).map(({ name }) => name),
      );
      write({
        kind: "run",
        at: new Date().toISOString(),
        command: ["npx -y pnpm@12 bench lake", ...args].join(" "),
        rounds: options.rounds,
        machine: describeMachine(),
        versions: await versionsOf(postgres, libraries),
      });
      await runRounds(postgres, choose(measures, options.only), options, write);
    }),
  );
  console.error(`The records are in ${file.path}`);
  return records;
}
