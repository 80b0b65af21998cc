import { connectDirectly } from "@millrace/storage";

import { payloadOf, queueName } from "../../contenders/contender.ts";
import type { EchoVerbs } from "../../echo/main.ts";
import { withApi } from "../../http/with-api.ts";
import type { LoadVerbs } from "../../load/main.ts";
import { type Processes, startMeter } from "../../meter.ts";
import { startRemote } from "../../remote.ts";
import type { BenchPostgres } from "../../with-postgres.ts";
import type { Measure } from "../measure.ts";
import { withDatabase } from "../stage.ts";
import { perJob, type Values } from "../values.ts";

const body = JSON.stringify({ type: "mail.send", queue: queueName, payload: payloadOf(1) });
const warmUpRequests = 5_000;
/** Roughly what a server answers in a second. */
const pace = { api: 8_000, echo: 20_000 };

interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly processes: Processes;
  readonly requests: number;
  settle(): Promise<void>;
}

/** Enqueuing over HTTP beside a server that only parses, validates and answers. */
export function httpEnqueue(connections: number): Measure {
  const name = `http-enqueue-${connections}`;
  return {
    name,
    entries: (postgres, { seconds }) => [
      {
        name: "millrace",
        title: "Millrace, POST /v1/jobs",
        settings: "production profile, defaults; each answer after the commit",
        run: () => measureApi(postgres, connections, seconds),
      },
      {
        name: "echo",
        title: "Hono and zod, no database",
        settings: "@hono/node-server, a zod schema, the body answered",
        run: () => measureEcho(connections, seconds),
      },
    ],
  };
}

function measureApi(postgres: BenchPostgres, connections: number, seconds: number): Promise<Values> {
  return withDatabase(postgres, (databaseUrl) =>
    withApi(databaseUrl, async ({ url, key, pid }) => {
      const requests = pace.api * seconds;
      const values = await load(connections, {
        url,
        headers: { authorization: `Bearer ${key}` },
        processes: { server: [postgres.pid], clients: [pid] },
        requests,
        settle: () => postgres.admin.exec("checkpoint"),
      });
      const stored = await countJobs(databaseUrl);
      if (stored !== warmUpRequests + requests) {
        throw new Error(`${warmUpRequests + requests} requests succeeded, ${stored} jobs are there`);
      }
      return values;
    }),
  );
}

async function measureEcho(connections: number, seconds: number): Promise<Values> {
  const echo = startRemote<EchoVerbs>("echo/main.ts");
  try {
    return await load(connections, {
      url: await echo.call("listen"),
      headers: {},
      processes: { server: [], clients: [echo.pid] },
      requests: pace.echo * seconds,
      settle: async () => {},
    });
  } finally {
    await echo.end();
  }
}

async function load(connections: number, target: Target): Promise<Values> {
  const { requests, processes } = target;
  const generator = startRemote<LoadVerbs>("load/main.ts");
  try {
    const headers = { "content-type": "application/json", ...target.headers };
    const post = (count: number) =>
      generator.call("post", { url: `${target.url}/v1/jobs`, headers, body, connections, requests: count });
    await post(warmUpRequests);
    await target.settle();
    const read = startMeter({ ...processes, generators: [generator.pid] });
    const { seconds, p50Ms, p99Ms } = await post(requests);
    return { jobs: requests, perSecond: requests / seconds, p50Ms, p99Ms, ...perJob(read(), requests) };
  } finally {
    await generator.end();
  }
}

async function countJobs(url: string): Promise<number> {
  const client = await connectDirectly({ url });
  try {
    const [row] = await client.query<{ jobs: number }>({
      name: "count jobs",
      text: "select count(*)::integer as jobs from millrace.jobs",
    });
    return row?.jobs ?? 0;
  } finally {
    await client.close();
  }
}
