import { z } from "zod";

import { defineSection, keyNotes } from "./section.ts";
import { byteSize, durationMs, integer, listOf, oneOf, text } from "./values.ts";

const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;
const gibibyte = 1_024 * mebibyte;
const million = 1_000_000;

const natsUrl = text(
  /^(?:nats|tls):\/\/[A-Za-z0-9._%[\]:-]{1,255}$/,
  "an address such as nats://host:4222 or tls://host:4222",
);
const filePath = (what: string) => text(/^(?! *$)\P{Cc}+$/u, `the path of ${what}`);

/** How events come in: over which bus, how large, and how many may wait to be written into their tables. */
export const ingest = defineSection({
  description: "Events: the bus that they go over, the limits of a request, and when senders are held back.",
  schema: z.strictObject({
    bus: oneOf(["postgres", "nats"])
      .default("postgres")
      .register(keyNotes, { description: "What keeps accepted events until they are in their tables." }),
    natsUrls: listOf(natsUrl, "addresses of NATS servers").default([]).register(keyNotes, {
      description:
        "Servers of one NATS cluster with JetStream. Named with the bus on PostgreSQL, events that are still in streams are consumed.",
    }),
    natsUser: text(/^\P{Cc}+$/u, "a user name")
      .optional()
      .register(keyNotes, { description: "Who to be to NATS, where it asks for a password." }),
    natsPassword: text(/^\P{Cc}+$/u, "a password")
      .optional()
      .register(keyNotes, { description: "The password of `ingest.natsUser`.", secret: true }),
    natsCredentialsFile: filePath("a credentials file")
      .optional()
      .register(keyNotes, { description: "File with a signed token and its seed, where NATS asks for these." }),
    natsCaFile: filePath("a PEM file")
      .optional()
      .register(keyNotes, { description: "Certificate authority of the servers, where the system doesn't know it." }),
    natsShards: integer({ min: 1, max: 1_024 })
      .default(1)
      .register(keyNotes, { description: "Streams that tenants are spread over." }),
    natsReplicas: integer({ min: 1, max: 5 })
      .default(1)
      .register(keyNotes, { description: "Servers that keep a copy of each event; 3 survives the loss of one." }),
    natsStreamBytesMax: byteSize({ min: mebibyte, max: 16_384 * gibibyte })
      .default(4 * gibibyte)
      .register(keyNotes, { description: "Size of one stream at most; a full one refuses events." }),
    recordBytesMax: byteSize({ min: kibibyte, max: 4 * mebibyte })
      .default(256 * kibibyte)
      .register(keyNotes, { description: "Largest payload of one record." }),
    bodyBytesMax: byteSize({ min: kibibyte, max: 64 * mebibyte })
      .default(8 * mebibyte)
      .register(keyNotes, { description: "Largest JSON body, after decompression; NDJSON has no limit." }),
    recordsMax: integer({ min: 1, max: 100_000 })
      .default(10_000)
      .register(keyNotes, { description: "Records in one JSON body at most." }),
    chunkRecordsMax: integer({ min: 1, max: 10_000 })
      .default(1_000)
      .register(keyNotes, { description: "Records of an NDJSON upload that are published together at most." }),
    chunkBytesMax: byteSize({ min: 16 * kibibyte, max: 16 * mebibyte })
      .default(256 * kibibyte)
      .register(keyNotes, { description: "Text of an NDJSON upload that is published together at most." }),
    lingerMs: durationMs({ min: 0, max: 1_000 }).default(2).register(keyNotes, {
      description: "How long a request waits for others of its tenant, to be published with them.",
    }),
    publishesMax: integer({ min: 1, max: 100 })
      .default(4)
      .register(keyNotes, { description: "Publishes of a process that are under way at most." }),
    tenantPublishesMax: integer({ min: 1, max: 100 })
      .default(2)
      .register(keyNotes, { description: "Publishes of one tenant in a process that are under way at most." }),
    pendingEventsSoft: integer({ min: 1, max: 10_000 * million })
      .default(million)
      .register(keyNotes, {
        description: "Events of a tenant that wait to be written into their tables, from which on it is answered 429.",
      }),
    pendingEventsHard: integer({ min: 1, max: 10_000 * million })
      .default(2 * million)
      .register(keyNotes, { description: "The same from which on it is answered 503." }),
    pendingBytesSoft: byteSize({ min: mebibyte, max: 1_024 * gibibyte })
      .default(gibibyte)
      .register(keyNotes, { description: "Payloads of a tenant that wait, from which on it is answered 429." }),
    pendingBytesHard: byteSize({ min: mebibyte, max: 1_024 * gibibyte })
      .default(2 * gibibyte)
      .register(keyNotes, { description: "The same from which on it is answered 503." }),
    memoryBytesMax: byteSize({ min: mebibyte, max: 64 * gibibyte })
      .default(128 * mebibyte)
      .register(keyNotes, {
        description: "Bodies that a process holds at once, parsed, until they are published; beyond it 429.",
      }),
    tenantMemoryBytesMax: byteSize({ min: mebibyte, max: 64 * gibibyte })
      .default(32 * mebibyte)
      .register(keyNotes, { description: "The same of one tenant." }),
    uploadsMax: integer({ min: 1, max: 100_000 })
      .default(256)
      .register(keyNotes, { description: "NDJSON uploads that a process has open at once; beyond it 429." }),
    tenantUploadsMax: integer({ min: 1, max: 100_000 })
      .default(64)
      .register(keyNotes, { description: "The same of one tenant." }),
  }),
  rules: [
    {
      keys: ["tenantUploadsMax", "uploadsMax"],
      expected: "at most ingest.uploadsMax",
      holds: (values) => values.tenantUploadsMax <= values.uploadsMax,
    },
    {
      keys: ["natsUrls", "bus"],
      expected: "at least one address with ingest.bus nats",
      holds: (values) => values.bus !== "nats" || values.natsUrls.length > 0,
    },
    {
      keys: ["natsPassword", "natsUser"],
      expected: "set together with ingest.natsUser",
      holds: (values) => (values.natsUser === undefined) === (values.natsPassword === undefined),
    },
    {
      keys: ["recordBytesMax", "bodyBytesMax"],
      expected: "at most ingest.bodyBytesMax",
      holds: (values) => values.recordBytesMax <= values.bodyBytesMax,
    },
    {
      keys: ["tenantPublishesMax", "publishesMax"],
      expected: "at most ingest.publishesMax",
      holds: (values) => values.tenantPublishesMax <= values.publishesMax,
    },
    {
      keys: ["pendingEventsSoft", "pendingEventsHard"],
      expected: "at most ingest.pendingEventsHard",
      holds: (values) => values.pendingEventsSoft <= values.pendingEventsHard,
    },
    {
      keys: ["pendingBytesSoft", "pendingBytesHard"],
      expected: "at most ingest.pendingBytesHard",
      holds: (values) => values.pendingBytesSoft <= values.pendingBytesHard,
    },
    {
      keys: ["tenantMemoryBytesMax", "memoryBytesMax"],
      expected: "at most ingest.memoryBytesMax",
      holds: (values) => values.tenantMemoryBytesMax <= values.memoryBytesMax,
    },
    {
      keys: ["bodyBytesMax", "tenantMemoryBytesMax"],
      expected: "at most ingest.tenantMemoryBytesMax",
      holds: (values) => values.bodyBytesMax <= values.tenantMemoryBytesMax,
    },
    {
      keys: ["chunkBytesMax", "tenantMemoryBytesMax"],
      expected: "at most a quarter of ingest.tenantMemoryBytesMax",
      holds: (values) => values.chunkBytesMax * 4 <= values.tenantMemoryBytesMax,
    },
  ],
});
