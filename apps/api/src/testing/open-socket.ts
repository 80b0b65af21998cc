import { connect } from "node:net";

/** A bare connection to the API, for what no HTTP client would send. */
export interface RawSocket {
  send(text: string | Uint8Array): void;
  /** All that has been received, once it matches. */
  receive(until: RegExp): Promise<string>;
  /** All that was received, once the server has closed the connection. */
  closed(): Promise<string>;
  /** Says that nothing more will be sent, and goes on listening. */
  end(): void;
  destroy(): void;
  /** Goes without a word of goodbye. */
  reset(): void;
}

/** Connects to a port of this machine. */
export async function openSocket(port: number): Promise<RawSocket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let received = "";
  const watchers = new Set<() => void>();
  let ended = false;
  const changed = () => {
    for (const watcher of watchers) watcher();
  };
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk;
    changed();
  });
  for (const event of ["end", "close", "error"]) {
    socket.on(event, () => {
      ended = true;
      socket.end();
      changed();
    });
  }
  await new Promise((resolve) => {
    socket.once("connect", resolve);
  });

  const when = (holds: () => boolean) =>
    new Promise<string>((resolve) => {
      const check = () => {
        if (!holds()) return;
        watchers.delete(check);
        resolve(received);
      };
      watchers.add(check);
      check();
    });

  return {
    send: (text) => void socket.write(text),
    receive: (until) => when(() => until.test(received)),
    closed: () => when(() => ended),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
  };
}

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The first answer in what was received. */
export function parseReply(received: string): RawReply {
  const [head = "", ...rest] = received.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const headers = fields.map((field) => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
  });
  return { status: Number(line.split(" ")[1]), headers: Object.fromEntries(headers), body: rest.join("\r\n\r\n") };
}
