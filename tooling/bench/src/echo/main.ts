import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { z } from "zod";

import { serve } from "../remote.ts";

// The least that an HTTP API in this stack does with an enqueue: parse, validate, answer. It stores nothing.
const requestSchema = z.object({
  type: z.string(),
  queue: z.string(),
  payload: z.object({ i: z.int(), to: z.string(), template: z.string(), locale: z.string() }),
});

const app = new Hono();
app.post("/v1/jobs", async (c) => c.json(requestSchema.parse(await c.req.json()), 201));

const verbs = {
  async listen() {
    const server = createAdaptorServer({ fetch: app.fetch });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
};

export type EchoVerbs = typeof verbs;

serve(verbs);
