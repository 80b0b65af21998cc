import { once } from "node:events";
import { createServer } from "node:net";

/** Below what the kernel gives to outgoing connections, so that none of those takes the port before its user does. */
const first = 20_000;
const count = 10_000;
let next = (process.pid * 37) % count;

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + (next++ % count);
    const server = createServer();
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return port;
    } catch {
      // Taken: the next one.
    } finally {
      server.close();
    }
  }
}
