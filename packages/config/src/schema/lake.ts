import { isAbsolute } from "node:path";

import { z } from "zod";

import { defineSection, keyNotes } from "./section.ts";
import { byteSize, checkedText, durationMs, flag, folder, integer, oneOf, text } from "./values.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;
const gibibyte = 1_024 * mebibyte;
const tebibyte = 1_024 * gibibyte;

const s3 = z.strictObject({
  endpoint: checkedText(isEndpoint, "a URL such as https://s3.example.com")
    .optional()
    .register(keyNotes, { description: "Address of an S3-compatible server; unset means that of AWS." }),
  region: text(/^[a-z0-9-]{1,64}$/, "a region such as eu-central-1")
    .default("us-east-1")
    .register(keyNotes, { description: "Region of the bucket." }),
  bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "the name of a bucket")
    .optional()
    .register(keyNotes, { description: "The bucket; it must exist." }),
  prefix: text(/^([A-Za-z0-9_-][A-Za-z0-9._-]*\/)*$/, "empty, or folders such as lake/eu/ with a slash at the end")
    .default("")
    .register(keyNotes, { description: "What the names of all objects start with, where a bucket is shared." }),
  accessKeyId: text(/^[\x21-\x7e]{1,128}$/, "an access key id")
    .optional()
    .register(keyNotes, {
      description:
        "Access key; unset means the AWS SDK's own search: environment, profile, role of the machine or pod.",
      secret: true,
    }),
  secretAccessKey: text(/^[\x21-\x7e]{1,256}$/, "a secret access key")
    .optional()
    .register(keyNotes, { description: "Secret that belongs to the access key.", secret: true }),
  forcePathStyle: flag().default(false).register(keyNotes, {
    description: "Name the bucket in the path and not in the host name, as most servers other than AWS need it.",
  }),
});

const compaction = z.strictObject({
  filesMax: integer({ min: 10, max: 1_000 })
    .default(100)
    .register(keyNotes, { description: "Files of a table that compaction aims to stay below." }),
  inputsMax: integer({ min: 2, max: 1_000 })
    .default(64)
    .register(keyNotes, { description: "Files that one compaction merges at most." }),
  smallestTierBytes: byteSize({ min: 64 * kibibyte, max: gibibyte })
    .default(mebibyte)
    .register(keyNotes, { description: "Files below this size are of the lowest tier; tiers are merged apart." }),
  tierRatio: integer({ min: 2, max: 64 })
    .default(8)
    .register(keyNotes, { description: "How much larger the files of the next tier are." }),
  targetBytes: byteSize({ min: mebibyte, max: 4 * gibibyte })
    .default(256 * mebibyte)
    .register(keyNotes, { description: "Files from this size on are left as they are." }),
});

/** Where events live once they have left PostgreSQL, and how they get there. */
export const lake = defineSection({
  description: "The lake: where its files are, when events are written, and how files are merged and removed.",
  schema: z.strictObject({
    store: oneOf(["fs", "s3"]).default("fs").register(keyNotes, {
      description: "A folder that all processes share, or a bucket of S3 or of a server that speaks its protocol.",
    }),
    path: folder()
      .default(".millrace/lake")
      .register(keyNotes, {
        description: "The folder of `lake.store` fs.",
        profiles: { prod: "/var/lib/millrace/lake" },
      }),
    s3,
    cacheDirectory: folder()
      .default(".millrace/cache")
      .register(keyNotes, {
        description: "Where this process keeps copies of files from S3; one folder for each process.",
        profiles: { prod: "/var/cache/millrace" },
      }),
    cacheBytesMax: byteSize({ min: 16 * mebibyte, max: 16 * tebibyte })
      .default(4 * gibibyte)
      .register(keyNotes, {
        description: "What the copies for queries may take; files that are in use at the moment always stay.",
      }),
    // The longest flush is below half of what EventsLate calls late, so that no setting alone wakes anybody; so is that of the history for JobHistoryLate.
    flushMs: durationMs({ min: 10, max: 2 * minute })
      .default(250)
      .register(keyNotes, { description: "Events are written to the lake at this age at the latest." }),
    flushRows: integer({ min: 1, max: 10_000_000 })
      .default(100_000)
      .register(keyNotes, { description: "Events of a tenant that are written at once at most." }),
    flushBytes: byteSize({ min: 64 * kibibyte, max: 4 * gibibyte })
      .default(64 * mebibyte)
      .register(keyNotes, { description: "Payload of a tenant that is written at once at most." }),
    leaseMs: durationMs({ min: second, max: 10 * minute })
      .default(8 * second)
      .register(keyNotes, {
        description:
          "How long a worker that died keeps others from the events that it was writing; renewed at a third of it.",
      }),
    jobHistory: flag().default(true).register(keyNotes, {
      description: "Copy finished jobs into the tables `system.jobs` and `system.job_attempts` of their tenants.",
    }),
    historyFlushMs: durationMs({ min: 100, max: 10 * minute })
      .default(10 * second)
      .register(keyNotes, {
        description:
          "How often finished jobs are copied into `system.jobs` while there are always some; the first ones after a pause within a second.",
      }),
    compaction,
    snapshotRetentionMs: durationMs({ min: minute, max: 8_760 * hour })
      .default(168 * hour)
      .register(keyNotes, { description: "How long a snapshot can be queried; later it answers 410." }),
    graceMs: durationMs({ min: 15 * minute, max: 168 * hour })
      .default(hour)
      .register(keyNotes, {
        description: "Time from the expiry of a file's last snapshot to its deletion; longer than any query runs.",
      }),
    orphanGraceMs: durationMs({ min: 15 * minute, max: 8_760 * hour })
      .default(24 * hour)
      .register(keyNotes, { description: "Age at which a file that no snapshot names is deleted." }),
    memoryBytes: byteSize({ min: 64 * mebibyte, max: tebibyte })
      .default(512 * mebibyte)
      .register(keyNotes, { description: "Memory of one write or compaction." }),
    threads: integer({ min: 1, max: 256 })
      .default(2)
      .register(keyNotes, { description: "Threads of one write or compaction." }),
  }),
  rules: [
    {
      keys: ["s3.bucket", "store"],
      expected: "set when lake.store is s3",
      holds: (values) => values.store === "fs" || values.s3.bucket !== undefined,
    },
    {
      keys: ["s3.secretAccessKey", "s3.accessKeyId"],
      expected: "set together with lake.s3.accessKeyId, or neither",
      holds: ({ s3: { accessKeyId, secretAccessKey } }) =>
        (accessKeyId === undefined) === (secretAccessKey === undefined),
    },
    {
      keys: ["path"],
      expected: "an absolute path",
      profile: "prod",
      holds: (values) => values.store === "s3" || isAbsolute(values.path),
    },
    {
      keys: ["cacheDirectory"],
      expected: "an absolute path",
      profile: "prod",
      holds: (values) => values.store === "fs" || isAbsolute(values.cacheDirectory),
    },
    {
      keys: ["compaction.inputsMax", "compaction.filesMax"],
      expected: "at most lake.compaction.filesMax",
      holds: ({ compaction: { inputsMax, filesMax } }) => inputsMax <= filesMax,
    },
    {
      keys: ["compaction.smallestTierBytes", "compaction.targetBytes"],
      expected: "less than lake.compaction.targetBytes",
      holds: ({ compaction: { smallestTierBytes, targetBytes } }) => smallestTierBytes < targetBytes,
    },
  ],
});

/** A scheme, a host and perhaps a port: keys have settings of their own, and paths name buckets. */
function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.hostname !== "" &&
    value.replace(/\/$/, "").toLowerCase() === url.origin
  );
}
