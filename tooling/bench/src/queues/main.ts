import { runBloat } from "../bloat/run-bloat.ts";
import { runHistory } from "../history/run-history.ts";
import { runQueues } from "./run-queues.ts";

const [what, ...rest] = process.argv.slice(2);
const run = { bloat: () => runBloat(rest), history: () => runHistory(rest) }[what ?? ""];
try {
  process.exitCode = run === undefined ? await runQueues(process.argv.slice(2)) : await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
