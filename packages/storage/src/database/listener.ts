import { setTimeout as delay } from "node:timers/promises";

import { openConnection } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { DatabaseSettings } from "./options.ts";

export interface Subscription {
  /** Ends the subscription; nothing is called back afterwards. */
  close(): Promise<void>;
}

export interface Listener {
  /** Calls back for each notification on a channel. Resolves after the first attempt to connect; never rejects. */
  listen(
    channel: string,
    onNotify: (payload: string) => void,
    onState?: (connected: boolean) => void,
  ): Promise<Subscription>;
  close(): Promise<void>;
}

interface Subscriber {
  readonly channel: string;
  readonly onNotify: (payload: string) => void;
  readonly onState: ((connected: boolean) => void) | undefined;
}

export interface ListenerSettings extends Pick<
  DatabaseSettings,
  "directAddress" | "directSession" | "connectTimeoutMs" | "heartbeatMs" | "observer"
> {}

const answerTimeoutMs = 5_000;
const backoffFirstMs = 100;
const backoffMaxMs = 10_000;

/** All subscriptions of a database on one direct connection: opened with the first, rebuilt when lost, closed after the last. */
export function createListener(settings: ListenerSettings): Listener {
  const subscribers = new Set<Subscriber>();
  let runner: Runner | undefined;

  return {
    async listen(channel, onNotify, onState) {
      const subscriber: Subscriber = { channel, onNotify, onState };
      subscribers.add(subscriber);
      if (runner === undefined) {
        runner = startRunner(settings, subscribers);
        await runner.firstAttempt;
      } else {
        await runner.added(subscriber);
      }
      return {
        async close() {
          if (!subscribers.delete(subscriber) || subscribers.size > 0) return;
          const last = runner;
          runner = undefined;
          await last?.stop();
        },
      };
    },
    async close() {
      subscribers.clear();
      const last = runner;
      runner = undefined;
      await last?.stop();
    },
  };
}

interface Runner {
  readonly firstAttempt: Promise<void>;
  /** Takes in a subscriber that came later. */
  added(subscriber: Subscriber): Promise<void>;
  stop(): Promise<void>;
}

function startRunner(settings: ListenerSettings, subscribers: ReadonlySet<Subscriber>): Runner {
  const stopped = new AbortController();
  const firstAttempt = Promise.withResolvers<void>();
  let connection: Connection | undefined;
  let channels = new Set<string>();
  const loop = run();

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopped.signal.aborted) {
      try {
        const connected = await connect();
        failures = 0;
        firstAttempt.resolve();
        await stayConnected(connected);
      } catch {
        failures++;
      }
      firstAttempt.resolve();
      disconnect();
      // Everybody lost the same server at the same moment, and must not come back to it all at once.
      const backoffMs = Math.min(backoffFirstMs * 2 ** failures, backoffMaxMs) * (0.5 + Math.random() / 2);
      await delay(backoffMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
  }

  async function connect(): Promise<Connection> {
    const { directAddress: address, directSession: session, connectTimeoutMs } = settings;
    const opened = await openConnection({ address, session, prepare: false, onNotify: notified }, connectTimeoutMs);
    channels = new Set();
    connection = opened;
    // A live iteration: a subscriber that joins meanwhile is taken in as well.
    for (const subscriber of subscribers) await attach(opened, subscriber);
    if (stopped.signal.aborted) await opened.end();
    return opened;
  }

  async function attach(to: Connection, subscriber: Subscriber): Promise<void> {
    if (!channels.has(subscriber.channel)) {
      channels.add(subscriber.channel);
      await to.exec(`listen ${quoteIdentifier(subscriber.channel)}`, answerTimeoutMs);
    }
    tell(subscriber, true);
  }

  /** Returns when the connection is lost. A half-open connection is found by asking for an answer now and then. */
  async function stayConnected(to: Connection): Promise<void> {
    const life = new AbortController();
    to.onDeath(() => life.abort());
    while (to.deadBecause === undefined) {
      await delay(settings.heartbeatMs, undefined, { signal: life.signal }).catch(() => {});
      if (to.deadBecause === undefined) await to.exec("select 1", answerTimeoutMs);
    }
  }

  function disconnect(): void {
    if (connection === undefined) return;
    connection.destroy(new Error("The listener gave its connection up"));
    connection = undefined;
    for (const subscriber of subscribers) tell(subscriber, false);
  }

  function notified(channel: string, payload: string): void {
    for (const subscriber of subscribers) {
      if (subscriber.channel === channel) call(() => subscriber.onNotify(payload));
    }
  }

  function tell(subscriber: Subscriber, connected: boolean): void {
    if (subscribers.has(subscriber)) call(() => subscriber.onState?.(connected));
  }

  // A caller's function that throws is the caller's fault, and must not end the listener.
  function call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      settings.observer.listenerFailed?.(error);
    }
  }

  return {
    firstAttempt: firstAttempt.promise,
    async added(subscriber) {
      const present = connection;
      if (present === undefined) return;
      try {
        await attach(present, subscriber);
      } catch (error) {
        // The next connection will listen to every channel.
        present.destroy(error as Error);
      }
    },
    async stop() {
      stopped.abort();
      await connection?.end();
      await loop;
    },
  };
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
