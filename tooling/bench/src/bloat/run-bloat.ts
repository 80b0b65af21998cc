import { loadContender } from "../contenders/load-contender.ts";
import { describeMachine } from "../describe-machine.ts";
import { openRecords } from "../queues/record.ts";
import { withStage } from "../queues/stage.ts";
import { readVersions } from "../queues/versions.ts";
import { withPostgres } from "../with-postgres.ts";
import { writeReport } from "../write-report.ts";
import { readBloatOptions } from "./options.ts";
import type { BloatRun, BloatSample } from "./record.ts";
import { bloatReport } from "./report.ts";
import { soak } from "./soak.ts";

/** Measures ours and a rival under a fixed rate while a snapshot is held, one after the other, and writes it up; the exit code. */
export async function runBloat(args: readonly string[]): Promise<number> {
  const options = readBloatOptions(args);
  const chosen = await Promise.all(options.names.map(loadContender));
  const samples: BloatSample[] = [];
  const file = openRecords("bloat");
  await withPostgres({}, async (postgres) => {
    const run: BloatRun = {
      kind: "run",
      at: new Date().toISOString(),
      command: ["npx -y pnpm@12 bench bloat", ...args].join(" "),
      machine: describeMachine(),
      versions: await readVersions(postgres),
      settings: Object.fromEntries(chosen.map((contender) => [contender.title, contender.settings("steady-batches")])),
    };
    file.write(run);
    for (const contender of chosen) {
      await withStage(postgres, contender, "steady-batches", (stage) =>
        soak(stage, options, (sample) => {
          const { name, seconds, perSecond, backlog, deadTuples } = sample;
          console.error(`${name}, ${seconds} s: ${Math.round(perSecond)} jobs/s, ${backlog} open, ${deadTuples} dead`);
          samples.push(sample);
          file.write(sample);
        }),
      );
    }
    const path = await writeReport(options.out, "bloat.md", bloatReport(run, samples, options));
    console.error(`Written to ${path}; the records are in ${file.path}`);
  });
  return 0;
}
