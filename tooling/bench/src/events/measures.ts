import type { Entry, Measure } from "../queues/measure.ts";
import { findNats } from "../with-nats.ts";
import type { BenchPostgres } from "../with-postgres.ts";
import { measureBare } from "./measures/bare.ts";
import { measureEcho } from "./measures/echo.ts";
import { floods, measureFlood } from "./measures/flood.ts";
import { measureIngest, measureUpload } from "./measures/ingest.ts";
import { measureJetStream } from "./measures/jetstream.ts";
import { type Shape, shapes } from "./shapes.ts";

/** Records of one upload for each second that is measured. */
const uploadPace = 20_000;
const uploads = 2;
/** Enough answers of the calm tenant for a 99th percentile. */
const floodSecondsFor = 2;

/** Everything that is measured, in the order of the report. What needs a NATS server is left out where there is none. */
export const measures: readonly Measure[] = [
  ...shapes.map((shape): Measure => ({
    name: shape.name,
    entries: (postgres, { seconds }) => entriesOf(shape, postgres, seconds),
  })),
  {
    name: "ndjson",
    entries: (postgres, { seconds }) => [
      {
        name: "millrace",
        title: "Millrace",
        settings: `production profile, defaults, one tenant; ${uploads} uploads at the same time`,
        run: () => measureUpload(postgres, { uploads, records: uploadPace * seconds }),
      },
    ],
  },
  {
    name: "flood",
    entries: (postgres, { seconds }) =>
      floods.map(({ name, title, how }) => ({
        name,
        title,
        settings: "production profile, defaults, two tenants",
        run: () => measureFlood(postgres, { how, seconds: floodSecondsFor * seconds }),
      })),
  },
];

function entriesOf(shape: Shape, postgres: BenchPostgres, seconds: number): readonly Entry[] {
  const { pace } = shape;
  const hasNats = findNats() !== undefined;
  const all: readonly (Entry & { readonly pace: number | undefined })[] = [
    {
      name: "millrace",
      title: "Millrace",
      settings: "production profile, defaults, one tenant",
      pace: pace.api,
      run: () => measureIngest(postgres, shape, { requests: (pace.api ?? 0) * seconds, tenants: 1, bus: "postgres" }),
    },
    {
      name: "millrace-8",
      title: "Millrace, eight tenants",
      settings: "the same; requests go round the tenants",
      pace: shape.hasManyTenants ? pace.api : undefined,
      run: () => measureIngest(postgres, shape, { requests: (pace.api ?? 0) * seconds, tenants: 8, bus: "postgres" }),
    },
    {
      name: "millrace-nats",
      title: "Millrace on NATS",
      settings: "the same with `ingest.bus` nats: events in JetStream on one server, keys in PostgreSQL",
      pace: hasNats ? pace.nats : undefined,
      run: () => measureIngest(postgres, shape, { requests: (pace.nats ?? 0) * seconds, tenants: 1, bus: "nats" }),
    },
    {
      name: "echo",
      title: "Hono and zod, nothing stored",
      settings: "@hono/node-server, a zod schema of the body, its count answered",
      pace: pace.echo,
      run: () => measureEcho(shape, (pace.echo ?? 0) * seconds),
    },
    {
      name: "insert",
      title: "INSERT alone",
      settings: "postgres.js, all rows of a call in one statement; a table with an identity key that checks nothing",
      pace: pace.insert,
      run: () => measureBare(postgres, "insert", shape, (pace.insert ?? 0) * seconds),
    },
    {
      name: "copy",
      title: "COPY alone",
      settings: "postgres.js, COPY FROM STDIN into the same table",
      pace: pace.copy,
      run: () => measureBare(postgres, "copy", shape, (pace.copy ?? 0) * seconds),
    },
    {
      name: "jetstream",
      title: "JetStream's own publish",
      settings:
        "one server, a stream in files, `publish` of the client with an id for each message; stock, so it answers before the disk has it",
      pace: hasNats ? pace.jetstream : undefined,
      run: () => measureJetStream(shape, (pace.jetstream ?? 0) * seconds),
    },
  ];
  return all.filter(({ pace: own }) => own !== undefined).map(({ pace: _, ...entry }) => entry);
}
