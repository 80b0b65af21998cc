import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { MillraceError } from "@millrace/contract";
import type { MaterialiserHealth, ReadyCheck, WorkerHealth } from "@millrace/core";
import type { Metrics } from "@millrace/telemetry";

export interface HealthServerOptions {
  readonly host: string;
  readonly port: number;
  readonly health: () => WorkerHealth & { readonly materialiser?: MaterialiserHealth | undefined };
  readonly checkReady: () => Promise<readonly ReadyCheck[]>;
  /** Without them there is no `/metrics`. */
  readonly metrics: Metrics | undefined;
}

export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

const timeoutMs = 10_000;
const notFound = json(404, { error: "NOT_FOUND" });

/**
 * Answers `/health` (this process is sane: it never asks the database), `/ready` (it works: claims are on, database and schema are
 * there) and `/metrics`. @throws UNAVAILABLE when it can't listen
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer(
    { requestTimeout: timeoutMs, headersTimeout: timeoutMs, keepAliveTimeout: timeoutMs },
    (request, response) => {
      void answer(request, options).then((given) => write(response, given, request.method === "HEAD"));
    },
  );
  await listen(server, options);
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, options: HealthServerOptions): Promise<Answer> {
  const [path] = (request.url ?? "").split("?");
  const { metrics } = options;
  if (path !== "/health" && path !== "/ready" && path !== "/metrics") return notFound;
  if (request.method !== "GET" && request.method !== "HEAD") return json(405, { error: "METHOD_NOT_ALLOWED" });
  const health = options.health();
  if (path === "/health")
    return json(isSane(health) ? 200 : 503, { status: isSane(health) ? "ok" : "stuck", ...health });
  if (path === "/ready") {
    const checks = await options.checkReady();
    const ready = health.state === "running" && checks.every(({ ok }) => ok);
    return json(ready ? 200 : 503, { status: ready ? "ready" : "unready", state: health.state, checks });
  }
  if (metrics === undefined) return notFound;
  try {
    const { body, contentType } = await metrics.render();
    return { status: 200, body, contentType };
  } catch {
    return json(500, { error: "INTERNAL" });
  }
}

/** From here on hung handlers take slots away: only a restart gives them back. */
function isSane({ abandoned, concurrency }: WorkerHealth): boolean {
  return abandoned < concurrency;
}

function json(status: number, body: object): Answer {
  return { status, body: JSON.stringify(body) };
}

function write(
  response: ServerResponse,
  { status, body, contentType = "application/json" }: Answer,
  isHead: boolean,
): void {
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(status === 405 ? { allow: "GET, HEAD" } : {}),
  });
  response.end(isHead ? undefined : body);
}

function listen(server: Server, { host, port }: HealthServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "the port is in use" : cause.message;
      reject(
        new MillraceError("UNAVAILABLE", `The health endpoint can't listen on ${host}:${port}: ${why}.`, { cause }),
      );
    });
    server.listen(port, host, resolve);
  });
}
