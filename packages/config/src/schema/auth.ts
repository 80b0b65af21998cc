import { z } from "zod";

import { defineSection, keyNotes } from "./section.ts";
import { durationMs, listOf, oneOf } from "./values.ts";

const second = 1_000;

const staticKey = z
  .string()
  .regex(/^\S+:[a-z0-9][a-z0-9_-]{0,63}$/)
  .transform((entry) => {
    const colon = entry.lastIndexOf(":");
    return { key: entry.slice(0, colon), tenantId: entry.slice(colon + 1) };
  });

/** How callers prove who they are. */
export const auth = defineSection({
  description: "How API keys are checked.",
  schema: z.strictObject({
    mode: oneOf(["postgres", "static"])
      .default("postgres")
      .register(keyNotes, { description: "Keys from the database, or the fixed list of `auth.staticKeys`." }),
    staticKeys: listOf(staticKey, "entries of the form key:tenant").default([]).register(keyNotes, {
      description: "Keys that are always valid, with all scopes, each for one tenant. For development.",
      secret: true,
    }),
    cacheTtlMs: durationMs({ min: 0, max: 60 * second })
      .default(5 * second)
      .register(keyNotes, { description: "How long a valid key is remembered; the bound on a missed revocation." }),
    negativeCacheTtlMs: durationMs({ min: 0, max: 60 * second })
      .default(second)
      .register(keyNotes, { description: "How long an invalid key is remembered." }),
  }),
  rules: [
    {
      keys: ["mode"],
      expected: "postgres, since static keys are for development",
      profile: "prod",
      holds: (values) => values.mode !== "static",
    },
    {
      keys: ["staticKeys", "mode"],
      expected: "at least one key with auth.mode static, and none otherwise",
      holds: (values) => (values.mode === "static") === values.staticKeys.length > 0,
    },
  ],
});
