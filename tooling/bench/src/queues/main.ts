import { runBloat } from "../bloat/run-bloat.ts";
import { runEvents } from "../events/run-events.ts";
import { runHistory } from "../history/run-history.ts";
import { runLake } from "../lake/run-lake.ts";
import { runQueues } from "./run-queues.ts";

const [what, ...rest] = process.argv.slice(2);
const run = { bloat: runBloat, events: runEvents, history: runHistory, lake: runLake }[what ?? ""];
try {
  process.exitCode = run === undefined ? await runQueues(process.argv.slice(2)) : await run(rest);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
