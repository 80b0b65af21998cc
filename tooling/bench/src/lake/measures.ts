import type { Entry, Measure } from "../queues/measure.ts";
import type { BenchPostgres } from "../with-postgres.ts";
import { measureCeiling } from "./measures/ceiling.ts";
import { measureCompaction } from "./measures/compaction.ts";
import { measureFiles } from "./measures/files.ts";
import { measurePublish } from "./measures/publish.ts";
import { measureRate, type Rate } from "./measures/rate.ts";
import type { LakeOptions } from "./options.ts";
import type { LakeStorage } from "./storage.ts";

interface NamedRate extends Rate {
  readonly name: string;
  readonly title: string;
}

const rates: readonly NamedRate[] = [
  { name: "rate-100", title: "100 events/s, one a request", eventsPerSecond: 100, batch: 1 },
  { name: "rate-1000", title: "1,000 events/s, one a request", eventsPerSecond: 1_000, batch: 1 },
  { name: "rate-5000", title: "5,000 events/s, 100 a request", eventsPerSecond: 5_000, batch: 100 },
  { name: "rate-20000", title: "20,000 events/s, 500 a request", eventsPerSecond: 20_000, batch: 500 },
];

/** Everything that is measured of a lake, in the order of the report. */
export function lakeMeasures(storage: LakeStorage, options: LakeOptions): readonly Measure[] {
  const { quick, rateSeconds } = options;
  const measure = (
    name: string,
    entries: (postgres: BenchPostgres) => readonly Omit<Entry, "settings">[],
  ): Measure => ({
    name,
    entries: (postgres) => entries(postgres).map((entry) => ({ ...entry, settings: "defaults" })),
  });
  return [
    measure("rates", (postgres) =>
      rates.map(({ name, title, ...rate }) => ({
        name,
        title,
        run: () => measureRate(postgres, storage, rate, rateSeconds),
      })),
    ),
    measure("ceiling", (postgres) => [
      {
        name: "ceiling",
        title: "As fast as it goes, 1,000 a request",
        run: () => measureCeiling(postgres, storage, rateSeconds),
      },
    ]),
    measure("publish", (postgres) => [
      {
        name: "publish",
        title: "One event a snapshot",
        run: () => measurePublish(postgres, storage, quick ? 50 : 300),
      },
    ]),
    measure("files", (postgres) =>
      (quick ? [1, 10, 100] : [1, 10, 100, 1_000]).map((files) => ({
        name: `files-${files}`,
        title: String(files),
        run: () => measureFiles(postgres, storage, { files, pairs: quick ? 10 : 60 }),
      })),
    ),
    measure("compaction", (postgres) =>
      (quick ? [100] : [100, 1_000]).map((files) => ({
        name: `compaction-${files}`,
        title: String(files),
        run: () => measureCompaction(postgres, storage, files),
      })),
    ),
  ];
}
