import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { setImmediate, setTimeout } from "node:timers/promises";

import { urlWithPort } from "./url-with-port.ts";

export type Direction = "to server" | "to client";

/** What stands between a client and its server, and spoils what passes as a test asks. */
export interface TcpProxy {
  readonly port: number;
  /** The URL with its host and port replaced by the proxy's. */
  through(url: string): string;
  /** Connections of which an end is open now. */
  connections(): number;
  /** Swallows every byte, of open and new connections alike, without closing anything. */
  blackHole(): void;
  /** Passes bytes again, on new connections only: what was swallowed is lost. */
  heal(): void;
  /** Holds every chunk back for a while. */
  delay(delayMs: number): void;
  /** Passes every chunk in slices of so many bytes, each in a packet of its own. */
  slice(sliceBytes: number): void;
  /** Closes all connections, with a reset. */
  reset(): void;
  /** Closes all connections in order, as a restarting peer does. */
  cut(): void;
  /** Shows every chunk before it passes; false swallows it and all that follow on that connection in that direction. */
  watch(filter: ((direction: Direction, chunk: Buffer) => boolean) | undefined): void;
  close(): Promise<void>;
}

/** Starts a proxy in front of a server, on a port of its own or on a given one. */
export async function startTcpProxy(
  target: { readonly host?: string; readonly port: number },
  ownPort = 0,
): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isBlackHole = false;
  let delayMs = 0;
  let sliceBytes = Number.POSITIVE_INFINITY;
  let filter: ((direction: Direction, chunk: Buffer) => boolean) | undefined;

  const server = createServer((client) => {
    const upstream = connect({ host: target.host ?? "127.0.0.1", port: target.port });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    relay(client, upstream, "to server");
    relay(upstream, client, "to client");
    // A client that leaves a black hole leaves the server's end open, as a cut cable does.
    for (const socket of pair) socket.once("close", () => pair.every(({ closed }) => closed) && pairs.delete(pair));
  });

  function relay(from: Socket, to: Socket, direction: Direction): void {
    let isMuted = false;
    // What is held back or cut up keeps its order, also when that has ended meanwhile.
    let waiting = 0;
    let last: Promise<void> = Promise.resolve();
    const after = (act: () => Promise<void>): void => {
      waiting++;
      last = last.then(act).finally(() => waiting--);
    };
    const pass = async (chunk: Buffer, untilMs: number, bytes: number): Promise<void> => {
      await setTimeout(Math.max(0, untilMs - performance.now()));
      for (let start = 0; start < chunk.length && !to.destroyed; start += bytes) {
        to.write(chunk.subarray(start, start + bytes));
        await setImmediate();
      }
    };
    to.setNoDelay();
    from.on("data", (chunk: Buffer) => {
      const isRefused = filter?.(direction, chunk) === false;
      isMuted ||= isBlackHole || isRefused;
      if (isMuted) return;
      if (delayMs === 0 && chunk.length <= sliceBytes && waiting === 0) to.write(chunk);
      else {
        const [untilMs, bytes] = [performance.now() + delayMs, Math.min(sliceBytes, chunk.length)];
        after(() => pass(chunk, untilMs, bytes));
      }
    });
    const finish = (act: () => void): void => {
      if (isMuted || isBlackHole) return;
      if (waiting === 0) act();
      else after(async () => act());
    };
    from.on("end", () => finish(() => to.end()));
    from.on("close", () => finish(() => to.destroy()));
    from.on("error", () => {});
  }

  function each(act: (socket: Socket) => void): void {
    for (const pair of pairs) for (const socket of pair) act(socket);
  }

  server.listen(ownPort, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  return {
    port,
    through: (url) => urlWithPort(url, port),
    connections: () => pairs.size,
    blackHole() {
      isBlackHole = true;
    },
    heal() {
      isBlackHole = false;
      delayMs = 0;
      sliceBytes = Number.POSITIVE_INFINITY;
      filter = undefined;
    },
    slice(nextSliceBytes) {
      sliceBytes = nextSliceBytes;
    },
    delay(nextDelayMs) {
      delayMs = nextDelayMs;
    },
    reset: () => each((socket) => socket.resetAndDestroy()),
    cut: () => each((socket) => socket.destroy()),
    watch(nextFilter) {
      filter = nextFilter;
    },
    async close() {
      each((socket) => socket.destroy());
      server.close();
      await once(server, "close");
    },
  };
}
