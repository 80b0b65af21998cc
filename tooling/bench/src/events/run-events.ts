import { describeMachine } from "../describe-machine.ts";
import { pagesDir, resultsDir } from "../places.ts";
import { readOptions } from "../queues/options.ts";
import { type BenchRecord, openRecords, readRecords } from "../queues/record.ts";
import { choose, refuseUnknown, runRounds } from "../queues/run-rounds.ts";
import { versionsOf } from "../queues/versions.ts";
import { findNats } from "../with-nats.ts";
import { withPostgres } from "../with-postgres.ts";
import { writeReport } from "../write-report.ts";
import { measures } from "./measures.ts";
import { eventsReport } from "./report.ts";

const libraries = ["hono", "@hono/node-server", "zod", "postgres", "@nats-io/jetstream", "autocannon"];

/**
 * Measures ingest beside what it is made of, and writes it up; the exit code. Takes `--rounds`, `--only`, `--quick`, `--from` and `--out`; a run that is quick
 * or leaves something out is written into the folder of results.
 */
export async function runEvents(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const records = options.from === undefined ? await measureAll(args, options) : readRecords(options.from);
  const report = eventsReport(records);
  console.log(report.page);
  const isWhole = !options.quick && options.only.length === 0;
  const folder = options.out ?? (isWhole ? pagesDir : resultsDir);
  console.error(`Written to ${await writeReport(folder, "events.md", report)}`);
  return records.some(({ kind }) => kind === "failure") ? 1 : 0;
}

async function measureAll(
  args: readonly string[],
  options: ReturnType<typeof readOptions>,
): Promise<readonly BenchRecord[]> {
  const nats = findNats();
  if (nats === undefined)
    console.error("No nats-server here: NATS is left out. tooling/nats/fetch-server.sh fetches it.");
  const records: BenchRecord[] = [];
  const file = openRecords("events");
  const write = (record: BenchRecord) => {
    records.push(record);
    file.write(record);
  };
  await withPostgres({}, async (postgres) => {
    refuseUnknown(
      options.only,
      measures.flatMap((measure) => [measure, ...measure.entries(postgres, options)]).map(({ name }) => name),
    );
    write({
      kind: "run",
      at: new Date().toISOString(),
      command: ["npx -y pnpm@12 bench events", ...args].join(" "),
      rounds: options.rounds,
      machine: describeMachine(),
      versions: { ...(await versionsOf(postgres, libraries)), "nats-server": nats?.version ?? "none" },
    });
    await runRounds(postgres, choose(measures, options.only), options, write);
  });
  console.error(`The records are in ${file.path}`);
  return records;
}
