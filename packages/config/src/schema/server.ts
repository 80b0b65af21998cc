import { z } from "zod";

import { defineSection, keyNotes } from "./section.ts";
import { byteSize, durationMs, flag, hostName, integer, listOf } from "./values.ts";

const second = 1_000;
const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;

/** The HTTP API's listener and what a request may cost. */
export const server = defineSection({
  description: "The HTTP API: where it listens, and the limits of a request.",
  schema: z.strictObject({
    host: hostName()
      .default("127.0.0.1")
      .register(keyNotes, { description: "Address to listen on.", profiles: { prod: "0.0.0.0" } }),
    port: integer({ min: 0, max: 65_535 })
      .default(8_080)
      .register(keyNotes, { description: "Port to listen on; 0 takes any free one.", platformName: "PORT" }),
    requestTimeoutMs: durationMs({ min: second, max: 600 * second })
      .default(30 * second)
      .register(keyNotes, { description: "Time for a whole request to arrive, body included." }),
    headersTimeoutMs: durationMs({ min: 100, max: 120 * second })
      .default(10 * second)
      .register(keyNotes, { description: "Time for the headers of a request to arrive." }),
    idleTimeoutMs: durationMs({ min: second, max: 3_600 * second })
      .default(65 * second)
      .register(keyNotes, {
        description: "How long an idle keep-alive connection stays open; keep it above the load balancer's.",
      }),
    shutdownGraceMs: durationMs({ min: 0, max: 600 * second })
      .default(25 * second)
      .register(keyNotes, {
        description:
          "Time from the stop signal to a forced exit, the drain delay included; keep it below the platform's.",
      }),
    drainDelayMs: durationMs({ min: 0, max: 120 * second })
      .default(0)
      .register(keyNotes, {
        description: "Time between reporting unready and closing the listener, for load balancers to notice.",
        profiles: { prod: 5 * second },
      }),
    bodyBytesMax: byteSize({ min: kibibyte, max: 64 * mebibyte })
      .default(mebibyte)
      .register(keyNotes, { description: "Largest request body, after decompression." }),
    batchBodyBytesMax: byteSize({ min: kibibyte, max: 256 * mebibyte })
      .default(16 * mebibyte)
      .register(keyNotes, { description: "Largest body of a batch request, after decompression." }),
    headerBytesMax: byteSize({ min: kibibyte, max: mebibyte })
      .default(16 * kibibyte)
      .register(keyNotes, { description: "Largest request line and headers together." }),
    corsOrigins: listOf(z.string().refine(isOrigin), "origins such as https://app.example.com, without a path")
      .default([])
      .register(keyNotes, { description: "Origins whose pages may call the API from a browser." }),
    trustProxy: flag().default(false).register(keyNotes, {
      description: "Take the client's address from X-Forwarded-For; only behind a proxy that sets it.",
    }),
    connectionsMax: integer({ min: 1, max: 1_000_000 })
      .default(10_000)
      .register(keyNotes, { description: "Open connections; more are dropped as they arrive." }),
  }),
  rules: [
    {
      keys: ["headersTimeoutMs", "requestTimeoutMs"],
      expected: "at most server.requestTimeoutMs",
      holds: (values) => values.headersTimeoutMs <= values.requestTimeoutMs,
    },
    {
      keys: ["drainDelayMs", "shutdownGraceMs"],
      expected: "0, or less than server.shutdownGraceMs",
      holds: (values) => values.drainDelayMs === 0 || values.drainDelayMs < values.shutdownGraceMs,
    },
    {
      keys: ["bodyBytesMax", "batchBodyBytesMax"],
      expected: "at most server.batchBodyBytesMax",
      holds: (values) => values.bodyBytesMax <= values.batchBodyBytesMax,
    },
  ],
});

function isOrigin(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value) && new URL(value).origin === value;
}
