import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

import { getRequestListener } from "@hono/node-server";

import type { Config } from "@millrace/config";
import { MillraceError } from "@millrace/contract";
import { type Logger, type Metrics, currentTrace, traceContext } from "@millrace/telemetry";

import { answerRaw, parserError } from "./http/client-error.ts";
import { cutWhenStalled, stalledMsDefault } from "./http/cut-stalled.ts";
import { clientOf, type Exchange, newExchange, openExchange } from "./http/exchange.ts";
import { createFailureLog, type FailureLog } from "./http/failure-log.ts";
import { problemAnswer } from "./http/problem.ts";
import { createRecorder } from "./http/recorder.ts";
import { endServerSpan } from "./http/server-span.ts";

export interface HttpServerOptions {
  readonly fetch: Parameters<typeof getRequestListener>[0];
  /** What some path or other takes, for those who ask of the server as a whole. */
  readonly methods: readonly string[];
  /** Paths whose requests are not traced: probes and scrapes come every few seconds. */
  readonly untraced?: ReadonlySet<string> | undefined;
  readonly config: Config["server"];
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How long a client may take nothing of an answer before it is cut off; default 30,000. Streams have a limit of their own. */
  readonly stalledMs?: number | undefined;
}

/** Node's server around a fetch function: its limits, and what has to happen where no app is reached. */
export interface HttpServer {
  /** Resolves with the URL once it listens. @throws UNAVAILABLE with a sentence for a person */
  listen(): Promise<string>;
  /** Asks each client, with its next answer, to go on over another connection: to another instance, behind a balancer. */
  leave(): void;
  /** Accepts nothing more, lets what is under way end within the time, then cuts it. */
  stop(graceMs: number): Promise<void>;
}

/** As Node's own, which stands for a request whose headers are late. */
const tooLate = Object.assign(new Error("Request timeout"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });

interface Open {
  readonly exchange: Exchange;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Its answer is handed over, and its client has not taken it yet. */
  isSlow: boolean;
}

/** Makes the server; it listens when told to. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { fetch, config, logger, metrics, untraced, stalledMs = stalledMsDefault } = options;
  const allMethods = options.methods.join(", ");
  const record = createRecorder(logger, metrics);
  const failures = createFailureLog(logger);
  const open = new Set<Open>();
  let stopping = false;

  const toApp = getRequestListener(fetch, { errorHandler: (error) => refusedByAdapter(error, failures) });

  function accept(incoming: IncomingMessage, outgoing: ServerResponse, awaitsContinue: boolean): void {
    const exchange = openExchange(incoming, outgoing, untraced);
    exchange.client = clientOf(incoming, config.trustProxy);
    exchange.awaitsContinue = awaitsContinue;
    // HTTP/1.0 knows no Host, and some probes speak nothing newer; the adapter wants one.
    if (incoming.httpVersionMinor === 0) incoming.headers.host ??= "localhost";
    // A client that waits for "100 Continue" may send the body after all: only a new connection is in step for sure.
    if (stopping || awaitsContinue) outgoing.setHeader("Connection", "close");
    const entry = { exchange, incoming, outgoing, isSlow: false };
    open.add(entry);
    outgoing.once("close", () => {
      open.delete(entry);
      const status = record(exchange, outgoing);
      endServerSpan(exchange, incoming, { status, trustProxy: config.trustProxy });
    });
    // The server as a whole has no URL that the adapter could make.
    if (incoming.method === "OPTIONS" && incoming.url === "*" && incoming.headers.host !== undefined) {
      outgoing.writeHead(204, { Allow: allMethods }).end();
      return;
    }
    traceContext.run(exchange, () => exchange.span.run(() => void toApp(incoming, outgoing)));
  }

  /** What arrives is no HTTP, or too much, or too slow. */
  function refuseOnSocket(error: unknown, socket: Duplex): void {
    const others = [...open].filter(({ incoming }) => incoming.socket === socket);
    const arriving = others.find(({ incoming }) => !incoming.complete);
    const gone = error instanceof Error && "code" in error && error.code === "ECONNRESET";
    if (gone || !socket.writable || arriving?.outgoing.headersSent === true) {
      socket.destroy();
    } else if (arriving !== undefined) {
      answerRaw(socket, parserError(error), { exchange: arriving.exchange, failures });
    } else if (others.length > 0) {
      // It came right behind requests that are in order: those are answered, and then it's over.
      for (const { outgoing } of others) if (!outgoing.headersSent) outgoing.setHeader("Connection", "close");
    } else {
      const exchange = newExchange();
      answerRaw(socket, parserError(error), { exchange, failures });
      record(exchange);
    }
  }

  /** Nearly every request arrives and every answer is taken at once: looking now and then costs less than a timer for each. */
  function findSlow(): void {
    const lateMs = performance.now() - config.requestTimeoutMs;
    for (const entry of open) {
      const { exchange, incoming, outgoing } = entry;
      if (!incoming.complete && exchange.bodyFromMs < lateMs) refuseOnSocket(tooLate, incoming.socket);
      if (entry.isSlow || !outgoing.writableEnded || outgoing.writableFinished) continue;
      entry.isSlow = true;
      cutWhenStalled(outgoing, stalledMs);
    }
  }

  const server = createServer(
    {
      maxHeaderSize: config.headerBytesMax,
      headersTimeout: config.headersTimeoutMs,
      // Node's would cut an upload that makes progress; `findSlow` looks after bodies that don't.
      requestTimeout: 0,
      keepAliveTimeout: config.idleTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, Math.ceil(config.headersTimeoutMs / 4)),
      // The adapter refuses a request without Host in our own words; Node's would have no body.
      requireHostHeader: false,
    },
    (incoming, outgoing) => accept(incoming, outgoing, false),
  );
  server.maxConnections = config.connectionsMax;
  server.on("checkContinue", (incoming, outgoing) => accept(incoming, outgoing, true));
  server.on("checkExpectation", (incoming, outgoing) => accept(incoming, outgoing, false));
  server.on("clientError", refuseOnSocket);
  server.on("connect", (_incoming, socket: Duplex) => {
    const exchange = newExchange(undefined, "CONNECT");
    const known = new MillraceError("METHOD_NOT_ALLOWED", "This server is no proxy.");
    answerRaw(socket, known, { exchange, failures }, { Allow: allMethods });
    record(exchange);
  });

  const slowTimer = setInterval(findSlow, Math.min(1_000, stalledMs, Math.ceil(config.requestTimeoutMs / 4))).unref();

  return {
    listen: () => listen(server, config),
    leave() {
      stopping = true;
      for (const { outgoing } of open) if (!outgoing.headersSent) outgoing.setHeader("Connection", "close");
    },
    async stop(graceMs) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      const timer = setTimeout(() => {
        logger.warn({ connections: open.size }, "Requests were cut off at the end of the grace period");
        server.closeAllConnections();
      }, graceMs);
      await closed;
      clearTimeout(timer);
      clearInterval(slowTimer);
    },
  };
}

/** What the adapter between Node and fetch can't make a Request of; anything else would be a fault of ours. */
function refusedByAdapter(error: unknown, failures: FailureLog): Response {
  const ours = !(error instanceof Error && error.name === "RequestError");
  const message = "The request's target or its Host header is not valid.";
  const known = ours ? error : new MillraceError("MALFORMED_REQUEST", message, { cause: error });
  const { traceId, traceparent } = currentTrace() ?? newExchange();
  const { status, headers, body } = problemAnswer(known, { exchange: newExchange({ traceId, traceparent }), failures });
  return new Response(body, { status, headers });
}

function listen(server: Server, { host, port }: Config["server"]): Promise<string> {
  return new Promise((resolve, reject) => {
    const refused = (error: Error & { code?: string }) => reject(listenError(error, host, port));
    server.once("error", refused);
    server.listen({ host, port }, () => {
      server.off("error", refused);
      resolve(urlOf(host, server.address() as AddressInfo));
    });
  });
}

/** The address to call: a server on every address is reached on this machine's own. */
function urlOf(host: string, { port }: AddressInfo): string {
  const reached = ({ "0.0.0.0": "127.0.0.1", "::": "[::1]" } as Readonly<Record<string, string>>)[host];
  return `http://${reached ?? (host.includes(":") ? `[${host}]` : host)}:${port}`;
}

function listenError(error: Error & { code?: string }, host: string, port: number): MillraceError {
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is in use by another program; choose another with server.port (MILLRACE_SERVER_PORT).`,
    EACCES: `Port ${port} may not be listened on by this user; choose one above 1023 with server.port (MILLRACE_SERVER_PORT).`,
    EADDRNOTAVAIL: `${host} is no address of this machine; see server.host (MILLRACE_SERVER_HOST).`,
    ENOTFOUND: `The name ${host} has no address; see server.host (MILLRACE_SERVER_HOST).`,
  };
  const sentence = sentences[error.code ?? ""] ?? `The server can't listen on ${host}, port ${port}: ${error.message}.`;
  return new MillraceError("UNAVAILABLE", sentence, { cause: error });
}
