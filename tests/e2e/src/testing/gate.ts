import { once } from "node:events";
import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A handler that waits at the gate. */
export interface Arrival {
  readonly jobId: string;
  readonly attempt: number;
  readonly worker: string;
  /** Lets the handler go on. */
  letGo(): void;
}

/** Where handlers stop until the test lets them go on: the signal that a job is being worked on, and the control of when it ends. */
export interface Gate {
  readonly url: string;
  /** The first arrival like this, past or to come. */
  arrival(isIt: (arrival: Arrival) => boolean): Promise<Arrival>;
  arrivals(): readonly Arrival[];
  close(): Promise<void>;
}

/** Opens a gate on a free port. */
export async function openGate(): Promise<Gate> {
  const arrivals: Arrival[] = [];
  const watchers = new Set<(arrival: Arrival) => void>();
  const server = createServer((request, response: ServerResponse) => {
    const query = new URL(request.url ?? "", "http://gate").searchParams;
    const arrival: Arrival = {
      jobId: query.get("jobId") ?? "",
      attempt: Number(query.get("attempt")),
      worker: query.get("worker") ?? "",
      letGo: () => void response.end(),
    };
    arrivals.push(arrival);
    for (const watch of watchers) watch(arrival);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    arrivals: () => arrivals,
    async arrival(isIt) {
      const found = arrivals.find(isIt);
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<Arrival>();
      const watch = (arrival: Arrival) => isIt(arrival) && resolve(arrival);
      watchers.add(watch);
      return promise.finally(() => watchers.delete(watch));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
