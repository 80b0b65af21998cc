import { MillraceError } from "@millrace/contract";

import { connectionError } from "./connection-error.ts";
import type { Connection } from "./connection.ts";
import type { DatabaseSettings } from "./options.ts";

export interface PoolStats {
  readonly open: number;
  readonly inUse: number;
  readonly waiting: number;
  readonly max: number;
}

export interface Pool {
  /** A connection of one's own. @throws UNAVAILABLE when none comes in time, too many wait, or the pool is closed */
  acquire(timeoutMs: number): Promise<Connection>;
  /** Hands a connection back; a dead one is forgotten. */
  release(connection: Connection): void;
  stats(): PoolStats;
  /** Refuses new work, waits for what is under way at most `graceMs`, then cuts it. */
  close(graceMs: number): Promise<void>;
}

interface Waiter {
  readonly give: (connection: Connection) => void;
  readonly fail: (error: MillraceError) => void;
}

type PoolSettings = Pick<DatabaseSettings, "poolMin" | "poolMax" | "waitingMax" | "idleTimeoutMs" | "maxLifetimeMs">;

const checkTimeoutMs = 1_000;
const retryAfterMs = 1_000;

/** A bounded pool of connections with a bounded queue in front; the connection used last is used next, so that spare ones age and go. */
export function createPool(settings: PoolSettings, open: () => Promise<Connection>): Pool {
  const idle: { readonly connection: Connection; readonly sinceMs: number }[] = [];
  /** Idle connections to be checked before use: when one is lost, by a restart or a silent network, others are likely lost too. */
  const suspects = new WeakSet<Connection>();
  const inUse = new Set<Connection>();
  const waiters = new Set<Waiter>();
  let opening = 0;
  let closed: Promise<void> | undefined;
  let whenDrained = (): void => {};

  const sweeper = setInterval(sweep, Math.max(settings.idleTimeoutMs / 2, 10));
  sweeper.unref();

  function sweep(): void {
    const oldestMs = performance.now() - settings.idleTimeoutMs;
    const firstToKeep = idle.findIndex(({ sinceMs }) => sinceMs >= oldestMs);
    const unused = firstToKeep === -1 ? idle.length : firstToKeep;
    const spare = opening + inUse.size + idle.length - settings.poolMin;
    for (const { connection } of idle.splice(0, Math.max(0, Math.min(unused, spare)))) void connection.end();
  }

  function openForWaiters(): void {
    while (opening < waiters.size && opening + inUse.size + idle.length < settings.poolMax) {
      opening++;
      open().then(opened, openFailed);
    }
  }

  function opened(connection: Connection): void {
    opening--;
    connection.onDeath((reason) => {
      forget(connection);
      if (!isOurs(reason)) for (const other of idle) suspects.add(other.connection);
    });
    place(connection);
  }

  function openFailed(error: unknown): void {
    opening--;
    // While other connections live, one of them will serve the waiter; without any, waiting is in vain.
    if (inUse.size === 0) takeWaiter()?.fail(unavailable("The database could not be reached", error));
    if (inUse.size === 0) openForWaiters();
    drained();
  }

  function place(connection: Connection): void {
    if (connection.deadBecause !== undefined) return forget(connection);
    if (closed !== undefined) {
      void connection.end();
      return drained();
    }
    const waiter = takeWaiter();
    if (waiter === undefined) {
      idle.push({ connection, sinceMs: performance.now() });
    } else {
      inUse.add(connection);
      waiter.give(connection);
    }
  }

  function forget(connection: Connection): void {
    const at = idle.findIndex((entry) => entry.connection === connection);
    if (at >= 0) idle.splice(at, 1);
    inUse.delete(connection);
    if (closed === undefined) openForWaiters();
    drained();
  }

  function takeWaiter(): Waiter | undefined {
    const [first] = waiters;
    if (first !== undefined) waiters.delete(first);
    return first;
  }

  function drained(): void {
    if (inUse.size === 0 && opening === 0) whenDrained();
  }

  function wait(timeoutMs: number): Promise<Connection> {
    // Whoever a new connection can be opened for doesn't count as waiting in line.
    if (waiters.size >= settings.waitingMax + settings.poolMax - inUse.size) {
      return Promise.reject(unavailable("Too many requests wait for the database"));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          waiters.delete(waiter);
          reject(unavailable("No connection to the database became free in time"));
        },
        Math.max(timeoutMs, 1),
      );
      const waiter: Waiter = {
        give(connection) {
          clearTimeout(timer);
          resolve(connection);
        },
        fail(error) {
          clearTimeout(timer);
          reject(error);
        },
      };
      waiters.add(waiter);
      openForWaiters();
    });
  }

  async function acquire(timeoutMs: number): Promise<Connection> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      if (closed !== undefined) throw unavailable("The database connections are closed");
      const connection = idle.pop()?.connection ?? (await wait(deadlineMs - performance.now()));
      inUse.add(connection);
      if (!suspects.has(connection) || (await isAlive(connection, deadlineMs - performance.now()))) return connection;
    }
  }

  async function isAlive(connection: Connection, timeoutMs: number): Promise<boolean> {
    suspects.delete(connection);
    try {
      await connection.exec("select 1", Math.min(timeoutMs, checkTimeoutMs));
      return true;
    } catch {
      return false;
    }
  }

  return {
    acquire,
    release(connection) {
      inUse.delete(connection);
      if (performance.now() - connection.openedAtMs > settings.maxLifetimeMs) void connection.end();
      place(connection);
    },
    stats: () => ({
      open: opening + inUse.size + idle.length,
      inUse: inUse.size,
      waiting: waiters.size,
      max: settings.poolMax,
    }),
    close(graceMs) {
      closed ??= (async () => {
        clearInterval(sweeper);
        for (const waiter of waiters) waiter.fail(unavailable("The database connections are closed"));
        waiters.clear();
        const goodbyes = idle.splice(0).map(({ connection }) => connection.end());
        await new Promise<void>((resolve) => {
          const timer = setTimeout(() => {
            const reason = connectionError("CONNECTION_ENDED", "The database connections are closed");
            for (const connection of inUse) connection.destroy(reason);
            resolve();
          }, graceMs);
          whenDrained = () => {
            clearTimeout(timer);
            resolve();
          };
          drained();
        });
        await Promise.all(goodbyes);
      })();
      return closed;
    },
  };
}

function isOurs(reason: Error): boolean {
  return "code" in reason && reason.code === "CONNECTION_ENDED";
}

function unavailable(message: string, cause?: unknown): MillraceError {
  return new MillraceError("UNAVAILABLE", message, { retryAfterMs, ...(cause !== undefined && { cause }) });
}
