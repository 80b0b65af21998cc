import { describeMachine } from "../describe-machine.ts";
import { withPostgres } from "../with-postgres.ts";
import { redisVersion } from "../with-redis.ts";
import { queueMeasures } from "./measures/index.ts";
import { readOptions } from "./options.ts";
import { type BenchRecord, openRecords } from "./record.ts";
import { choose, runRounds } from "./run-rounds.ts";
import { readVersions } from "./versions.ts";

const args = process.argv.slice(2);
const options = readOptions(args);
if (redisVersion() === undefined) {
  console.error("BullMQ needs a redis-server on the path: `apt-get install redis-server`, or `brew install redis`.");
  process.exit(1);
}
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
  await runRounds(postgres, choose(queueMeasures, options.only), options, write);
});
console.error(`The records are in ${file.path}`);
