import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { describeMachine } from "../describe-machine.ts";
import { median, summarise, type Sample } from "../summarise.ts";
import { drain } from "./drain.ts";
import { largePayload, smallPayload, type Load } from "./enqueue.ts";
import { inPlace, layouts, movedToHistory } from "./layout.ts";
import { fillShelves, lookUp, shelves } from "./lookup.ts";
import { readOptions } from "./options.ts";
import { drainTable, lookupTable, reportOf } from "./report.ts";
import { withServer, type Server } from "./server.ts";

const page = resolve(import.meta.dirname, "../../../../docs/benchmarks/layouts.md");
const { rounds, jobs } = readOptions(process.argv.slice(2));
const small: Load = { jobs, batch: 500, payload: smallPayload };
const large: Load = { jobs: Math.ceil(jobs / 10), batch: 100, payload: largePayload };

await withServer(async (server) => {
  // The first drain warms both processes up and is forgotten.
  await drain(server, inPlace, small);
  const drained = await inRounds(layouts, (layout) => drain(server, layout, small));
  const drainedLarge = await inRounds([inPlace, movedToHistory], (layout) => drain(server, layout, large));
  await fillShelves(server);
  const lookedUp = await inRounds(shelves, (shelf) => lookUp(server, shelf));

  const drains = summarise(drained, inPlace.name);
  const largeDrains = summarise(drainedLarge, inPlace.name);
  const lookups = summarise(lookedUp, "one table");
  console.log([drainTable(drains), drainTable(largeDrains), lookupTable(lookups)].join("\n\n"));
  await mkdir(dirname(page), { recursive: true });
  await writeFile(
    page,
    reportOf({
      command: `npx -y pnpm@12 --filter @millrace/bench layouts --rounds ${rounds} --jobs ${jobs}`,
      surroundings: await surroundings(server, [...drained, ...drainedLarge, ...lookedUp]),
      jobs: small.jobs,
      batch: small.batch,
      largeJobs: large.jobs,
      largeBatch: large.batch,
      drains,
      largeDrains,
      lookups,
    }),
  );
  console.log(`\nWritten to ${page}`);
});

/** Measures every variant once a round, and turns their order around with each round. */
async function inRounds<Variant extends { readonly name: string }>(
  variants: readonly Variant[],
  measureOne: (variant: Variant) => Promise<object>,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      console.error(`round ${round + 1} of ${rounds}: ${variant.name}`);
      samples.push({ variant: variant.name, round, values: { ...(await measureOne(variant)) } });
    }
  }
  return samples;
}

async function surroundings({ admin }: Server, samples: readonly Sample[]): Promise<readonly string[]> {
  const [row] = await admin.query<{ version: string }>({
    name: "version",
    text: "select current_setting('server_version') as version",
  });
  const shares = samples.flatMap(({ values }) => values["otherShare"] ?? []);
  const others =
    shares.length === 0
      ? ""
      : ` Other work took ${percent(median(shares))} of the machine in the median run, ${percent(Math.max(...shares))} in the worst.`;
  return [
    `${describeMachine()}; server and workers share it.`,
    `PostgreSQL ${row?.version ?? "?"} with its stock settings, fsync included, but for autovacuum, which is off; Node ${process.versions.node}.`,
    `Rounds: ${rounds}.${others}`,
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
