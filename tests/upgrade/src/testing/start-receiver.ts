import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A service of somebody else's that jobs call. */
export interface Receiver {
  readonly url: string;
  /** The jobs that have called, by the id that each call names. */
  callers(): ReadonlySet<string>;
  close(): Promise<void>;
}

/** Starts a server on a free port that answers every call with 204. */
export async function startReceiver(): Promise<Receiver> {
  const callers = new Set<string>();
  const server = createServer((request, response) => {
    callers.add(String(request.headers["webhook-id"]));
    request.resume();
    response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    callers: () => callers,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
