import { z } from "zod";

import { defineSection, keyNotes } from "./section.ts";
import { byteSize, durationMs, folder, integer } from "./values.ts";

const second = 1_000;
const minute = 60 * second;
const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;
const gibibyte = 1_024 * mebibyte;

/** What a query with SQL may cost. */
export const query = defineSection({
  description: "Queries with SQL: what one may cost, and how many run at once.",
  schema: z.strictObject({
    threads: integer({ min: 1, max: 256 }).default(2).register(keyNotes, { description: "Threads of one query." }),
    memoryBytes: byteSize({ min: 64 * mebibyte, max: 1_024 * gibibyte })
      .default(512 * mebibyte)
      .register(keyNotes, { description: "Memory of one query; one that needs more fails." }),
    timeoutMs: durationMs({ min: 10, max: 10 * minute })
      .default(30 * second)
      .register(keyNotes, { description: "Deadline of a query that names none." }),
    timeoutMsMax: durationMs({ min: 10, max: 10 * minute })
      .default(5 * minute)
      .register(keyNotes, { description: "Longest deadline that a query may ask for." }),
    rowsMax: integer({ min: 1, max: 1_000_000_000 })
      .default(1_000_000)
      .register(keyNotes, { description: "Rows of one result; the rest is cut off, and the answer says so." }),
    bytesMax: byteSize({ min: kibibyte, max: 64 * gibibyte })
      .default(256 * mebibyte)
      .register(keyNotes, { description: "Bytes of one result." }),
    concurrency: integer({ min: 1, max: 256 })
      .default(2)
      .register(keyNotes, { description: "Queries that one process runs at the same time, each in a child process." }),
    concurrencyPerTenant: integer({ min: 1, max: 256 })
      .default(1)
      .register(keyNotes, { description: "How many of these may be of one tenant, so that some are left for others." }),
    queueMax: integer({ min: 0, max: 10_000 })
      .default(64)
      .register(keyNotes, { description: "Queries of a tenant that wait for their turn; more are refused with 429." }),
    queueTimeoutMs: durationMs({ min: 0, max: 10 * minute })
      .default(10 * second)
      .register(keyNotes, { description: "How long a query waits for its turn before it is refused with 429." }),
    spoolDirectory: folder().optional().register(keyNotes, {
      description:
        "Where results lie until they are read, unnamed once they are complete; the system's folder for temporary files unless set. Processes may share it.",
    }),
    consistencyTimeoutMs: durationMs({ min: 0, max: 10 * minute })
      .default(15 * second)
      .register(keyNotes, {
        description: "How long a query waits for the event of its visibility token where it doesn't say.",
      }),
    consistencyTimeoutMsMax: durationMs({ min: 0, max: 10 * minute })
      .default(minute)
      .register(keyNotes, { description: "The longest such wait that a query may ask for." }),
  }),
  rules: [
    {
      keys: ["timeoutMs", "timeoutMsMax"],
      expected: "at most query.timeoutMsMax",
      holds: (values) => values.timeoutMs <= values.timeoutMsMax,
    },
    {
      keys: ["consistencyTimeoutMs", "consistencyTimeoutMsMax"],
      expected: "at most query.consistencyTimeoutMsMax",
      holds: (values) => values.consistencyTimeoutMs <= values.consistencyTimeoutMsMax,
    },
    {
      keys: ["concurrencyPerTenant", "concurrency"],
      expected: "below query.concurrency, unless both are 1",
      holds: (values) => values.concurrencyPerTenant < Math.max(values.concurrency, 2),
    },
  ],
});
