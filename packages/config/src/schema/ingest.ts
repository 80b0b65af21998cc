import { z } from "zod";

import { defineSection, keyNotes } from "./section.ts";
import { byteSize, durationMs, integer, oneOf } from "./values.ts";

const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;
const gibibyte = 1_024 * mebibyte;
const million = 1_000_000;

/** How events come in: over which bus, how large, and how many may wait to be written into their tables. */
export const ingest = defineSection({
  description: "Events: the bus that they go over, the limits of a request, and when senders are held back.",
  schema: z.strictObject({
    bus: oneOf(["postgres", "nats"])
      .default("postgres")
      .register(keyNotes, { description: "What keeps accepted events until they are in their tables." }),
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
      .default(mebibyte)
      .register(keyNotes, { description: "Text of an NDJSON upload that is published together at most." }),
    lingerMs: durationMs({ min: 0, max: 1_000 })
      .default(2)
      .register(keyNotes, {
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
        description: "Bodies that a process holds at once, until they are published; beyond it 429.",
      }),
    tenantMemoryBytesMax: byteSize({ min: mebibyte, max: 64 * gibibyte })
      .default(32 * mebibyte)
      .register(keyNotes, { description: "The same of one tenant." }),
  }),
  rules: [
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
