import { z } from "zod";

import { defineSection, keyNotes } from "./section.ts";
import { byteSize, checkedText, durationMs, flag, hostName, integer, listOf, text } from "./values.ts";

const second = 1_000;
const minute = 60 * second;
const kibibyte = 1_024;

const queueName = z.string().regex(/^(\*|[A-Za-z0-9][A-Za-z0-9._:/-]{0,127})$/);

const httpRequest = z.strictObject({
  allowPrivateNetworks: listOf(z.union([z.cidrv4(), z.cidrv6()]), "networks such as 10.0.0.0/8 or ::1/128")
    .default([])
    .register(keyNotes, {
      description:
        "Loopback, private and link-local networks that `http.request` jobs may reach; all others of these are refused.",
      profiles: { dev: ["127.0.0.0/8", "::1/128"] },
    }),
  timeoutMs: durationMs({ min: 100, max: 60 * minute })
    .default(30 * second)
    .register(keyNotes, { description: "Deadline of one request of an `http.request` job." }),
  responseBytesMax: byteSize({ min: 0, max: 256 * kibibyte })
    .default(64 * kibibyte)
    .register(keyNotes, { description: "How much of a response body is kept in the job's result." }),
  signingSecret: checkedText(isSigningSecret, "whsec_ and the base64 of 24 to 64 bytes").optional().register(keyNotes, {
    description: "Secret with which requests are signed after the Standard Webhooks scheme; unset means unsigned.",
    secret: true,
  }),
});

/** The process that claims jobs and runs their handlers. */
export const worker = defineSection({
  description: "The worker: what it claims, how much at once, and how it holds on to it.",
  schema: z.strictObject({
    name: text(/^[A-Za-z0-9._:@-]{1,128}$/, "up to 128 letters, digits and . _ : @ -")
      .optional()
      .register(keyNotes, {
        description: "Name of this worker in leases and logs; unset means the host's name and the process id.",
      }),
    queues: listOf(queueName, "queue names, or * for all of them")
      .min(1)
      .default(["*"])
      .register(keyNotes, { description: "Queues to work." }),
    concurrency: integer({ min: 1, max: 10_000 })
      .default(50)
      .register(keyNotes, { description: "Jobs that run at the same time." }),
    prefetch: integer({ min: 0, max: 10_000 })
      .default(10)
      .register(keyNotes, { description: "Jobs claimed ahead of a free slot; 0 leaves them to other workers." }),
    leaseMs: durationMs({ min: second, max: 60 * minute })
      .default(30 * second)
      .register(keyNotes, { description: "How long a claim holds without a heartbeat." }),
    heartbeatMs: durationMs({ min: 100, max: 30 * minute })
      .default(10 * second)
      .register(keyNotes, { description: "How often leases are extended." }),
    pollIntervalMs: durationMs({ min: 10, max: 5 * minute })
      .default(250)
      .register(keyNotes, { description: "How often to look for jobs that no notification announced." }),
    shutdownGraceMs: durationMs({ min: 0, max: 60 * minute })
      .default(25 * second)
      .register(keyNotes, {
        description:
          "Time that running handlers have after the stop signal before their jobs are handed back. Whoever stops the process has to wait 20 seconds longer before it kills.",
      }),
    handlers: listOf(z.string().regex(/^(?! *$)\P{Cc}+$/u), "module paths or package names")
      .default([])
      .register(keyNotes, { description: "Modules that export job definitions, besides the built-in types." }),
    materialise: flag().default(true).register(keyNotes, {
      description: "Whether this worker writes accepted events into the lake, beside the jobs it runs.",
    }),
    healthHost: hostName()
      .default("127.0.0.1")
      .register(keyNotes, { description: "Address of the health endpoint.", profiles: { prod: "0.0.0.0" } }),
    healthPort: integer({ min: 0, max: 65_535 })
      .default(0)
      .register(keyNotes, {
        description: "Port of the health, readiness and metrics endpoint; 0 means none.",
        profiles: { prod: 8_081 },
      }),
    httpRequest,
  }),
  rules: [
    {
      keys: ["queues"],
      expected: "* alone, or names without *",
      holds: (values) => values.queues.length === 1 || !values.queues.includes("*"),
    },
    {
      keys: ["heartbeatMs", "leaseMs"],
      expected: "less than half of worker.leaseMs",
      holds: (values) => values.heartbeatMs < values.leaseMs / 2,
    },
  ],
});

function isSigningSecret(value: string): boolean {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value);
  const bytes = match === null ? 0 : Buffer.from(match[1] ?? "", "base64").length;
  return bytes >= 24 && bytes <= 64;
}
