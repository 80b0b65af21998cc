import { probe } from "./stack.ts";

/** Which of several APIs are sent requests: those whose readiness was green when they were last asked, or when one's last was. */
export interface Balancer {
  /** The next one in turn. @throws while none has ever been ready */
  next(): string;
  readyCount(): number;
  /** From now on this one is asked too. */
  add(url: string): void;
  close(): Promise<void>;
}

const everyMs = 100;

/** Does what a load balancer with a health check does, without a connection of its own in between. */
export function startBalancer(first: readonly string[]): Balancer {
  const urls = new Set(first);
  let ready: readonly string[] = [];
  /** Where none is ready, whose last was gets the requests: a readiness that is red for a moment everywhere takes nobody's service away. */
  let chosen = ready;
  let turn = 0;
  let isClosed = false;

  async function ask(): Promise<void> {
    while (!isClosed) {
      const asked = [...urls];
      const states = await Promise.all(asked.map((url) => probe(url, "ready")));
      ready = asked.filter((_, index) => states[index] === 200);
      if (ready.length > 0) chosen = ready;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
  const asking = ask();

  return {
    next() {
      const url = chosen[turn++ % Math.max(chosen.length, 1)];
      if (url === undefined) throw new Error("No API is ready");
      return url;
    },
    readyCount: () => ready.length,
    add: (url) => void urls.add(url),
    async close() {
      isClosed = true;
      await asking;
    },
  };
}
