import { z } from "zod";

import { defineSection, keyNotes } from "./section.ts";
import { flag, listOf, oneOf } from "./values.ts";

/** What is logged and how. */
export const logging = defineSection({
  description: "Logs, one line each on standard output.",
  schema: z.strictObject({
    level: oneOf(["trace", "debug", "info", "warn", "error", "fatal"])
      .default("info")
      .register(keyNotes, { description: "Least severe level that is written.", profiles: { test: "warn" } }),
    format: oneOf(["json", "text"])
      .default("json")
      .register(keyNotes, { description: "JSON for machines, text for a terminal.", profiles: { dev: "text" } }),
    payloads: flag().default(false).register(keyNotes, {
      description: "Log payloads and results of jobs. They may hold anything, personal data too.",
    }),
    redact: listOf(z.string().regex(/^[\w.-]{1,128}$/), "field names")
      .default([])
      .register(keyNotes, { description: "Field names whose values are redacted, besides the built-in ones." }),
  }),
  rules: [
    {
      keys: ["payloads"],
      expected: "false, since payloads do not belong in production logs",
      profile: "prod",
      holds: (values) => !values.payloads,
    },
  ],
});
