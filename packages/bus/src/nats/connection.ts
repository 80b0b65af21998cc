import { readFile } from "node:fs/promises";

import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, credsAuthenticator, type NatsConnection } from "@nats-io/transport-node";

import { MillraceError } from "@millrace/contract";

import { toMillraceError } from "./error.ts";
import type { NatsBusSettings } from "./options.ts";

/** An open connection and what is asked over it. */
export interface NatsLink {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
}

export interface NatsConnector {
  /** The connection, opened when it is first needed and again once it was given up. @throws UNAVAILABLE at once while it is down */
  link(): Promise<NatsLink>;
  /** Lets what is under way end, then closes. */
  close(): Promise<void>;
}

const retryWaitMs = 250;
/** So many attempts to come back to a lost connection, then it is given up and the next call opens another. */
const attemptsMax = 40;

/** Connects to NATS when it is needed. `onConnect` is told whenever a connection, lost before or not, is there: whatever was known of streams may be over. */
export function createConnector(settings: NatsBusSettings, onConnect: () => void): NatsConnector {
  const { servers, user, password, credentialsFile, caFile, timeoutMs, logger } = settings;
  let opening: Promise<NatsLink> | undefined;
  let isDown = false;
  let closed = false;

  async function open(): Promise<NatsLink> {
    const nc = await connect({
      servers: [...servers],
      name: "millrace",
      timeout: timeoutMs,
      pingInterval: 10_000,
      reconnectTimeWait: retryWaitMs,
      maxReconnectAttempts: attemptsMax,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { pass: password }),
      ...(credentialsFile === undefined ? {} : { authenticator: credsAuthenticator(await readFile(credentialsFile)) }),
      ...(caFile === undefined ? {} : { tls: { caFile } }),
    });
    void watch(nc);
    void nc.closed().then((error) => {
      opening = undefined;
      if (error instanceof Error) logger.warn({ err: error }, "The connection to NATS was given up");
    });
    const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: timeoutMs });
    isDown = false;
    onConnect();
    return { nc, jsm };
  }

  async function watch(nc: NatsConnection): Promise<void> {
    for await (const { type } of nc.status()) {
      if (type === "disconnect") {
        isDown = true;
        logger.warn({}, "The connection to NATS was lost");
      }
      if (type === "reconnect") {
        isDown = false;
        onConnect();
      }
    }
  }

  return {
    async link() {
      if (closed) throw new MillraceError("UNAVAILABLE", "The bus is closed");
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw toMillraceError(error);
      });
      const link = await opening;
      // What is sent meanwhile would wait for the reconnection until its deadline, and hold its caller up for nothing.
      if (isDown)
        throw new MillraceError("UNAVAILABLE", "The stream of events could not be reached", { retryAfterMs: 1_000 });
      return link;
    },
    async close() {
      closed = true;
      const link = await opening?.catch(() => undefined);
      if (link === undefined || link.nc.isClosed()) return;
      await (isDown ? link.nc.close() : link.nc.drain()).catch(() => link.nc.close());
    },
  };
}
