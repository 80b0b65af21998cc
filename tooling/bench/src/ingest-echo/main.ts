import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { z } from "zod";

import { serve } from "../remote.ts";

// The least that an HTTP API in this stack does with events: parse, validate, answer. It stores nothing.
const requestSchema = z.object({
  records: z.array(
    z.object({
      idempotencyKey: z.string(),
      payload: z.object({
        id: z.int(),
        kind: z.string(),
        url: z.string(),
        country: z.string(),
        seen_at: z.iso.datetime(),
        amount: z.string(),
        duration_ms: z.int(),
        signed_in: z.boolean(),
      }),
    }),
  ),
});

const app = new Hono();
app.post("/v1/ingest/:table", async (c) => {
  const { records } = requestSchema.parse(await c.req.json());
  return c.json({ acceptedCount: records.length }, 202);
});

const verbs = {
  async listen() {
    const server = createAdaptorServer({ fetch: app.fetch });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
};

export type IngestEchoVerbs = typeof verbs;

serve(verbs);
