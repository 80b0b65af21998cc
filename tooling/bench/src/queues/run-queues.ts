import { contenders } from "../contenders/index.ts";
import { describeMachine } from "../describe-machine.ts";
import { withPostgres } from "../with-postgres.ts";
import { redisVersion } from "../with-redis.ts";
import { writeReport } from "../write-report.ts";
import { measures } from "./measures/index.ts";
import { readOptions } from "./options.ts";
import { type BenchRecord, openRecords, readRecords } from "./record.ts";
import { reportOf } from "./report.ts";
import { choose, refuseUnknown, runRounds } from "./run-rounds.ts";
import { readVersions } from "./versions.ts";

/** Measures the queues and writes them up; the exit code. With `--from` it only writes up what an earlier run recorded. */
export async function runQueues(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const records = options.from === undefined ? await measureAll(args, options) : readRecords(options.from);
  const report = reportOf(records);
  console.log(report.page);
  if (options.out !== undefined) console.error(`Written to ${await writeReport(options.out, "queues.md", report)}`);
  return records.some(({ kind }) => kind === "failure") ? 1 : 0;
}

async function measureAll(
  args: readonly string[],
  options: ReturnType<typeof readOptions>,
): Promise<readonly BenchRecord[]> {
  if (redisVersion() === undefined) {
    throw new Error("BullMQ needs a redis-server on the path: `apt-get install redis-server` or `brew install redis`.");
  }
  refuseUnknown(
    options.only,
    [...measures, ...contenders, { name: "echo" }].map(({ name }) => name),
  );
  const records: BenchRecord[] = [];
  const file = openRecords("queues");
  const write = (record: BenchRecord) => {
    records.push(record);
    file.write(record);
  };
  await withPostgres({}, async (postgres) => {
    write({
      kind: "run",
      at: new Date().toISOString(),
      command: ["npx -y pnpm@12 bench", ...args].join(" "),
      rounds: options.rounds,
      machine: describeMachine(),
      versions: await readVersions(postgres),
    });
    await runRounds(postgres, choose(measures, options.only), options, write);
  });
  console.error(`The records are in ${file.path}`);
  return records;
}
