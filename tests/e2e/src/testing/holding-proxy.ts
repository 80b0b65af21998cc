import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/** A wire that can keep what is sent to the server for as long as a test likes, and then deliver it. */
export interface HoldingProxy {
  /** The URL with host and port of the wire. */
  through(url: string): string;
  hold(): void;
  release(): void;
  close(): Promise<void>;
}

/** Starts a wire to the server of a URL. */
export async function startHoldingProxy(serverUrl: string): Promise<HoldingProxy> {
  const { hostname, port } = new URL(serverUrl);
  const kept: (() => void)[] = [];
  let holding = false;
  const pass = (send: () => void): void => {
    if (holding) kept.push(send);
    else send();
  };
  const server = createServer((client) => {
    const upstream = connect({ host: hostname, port: Number(port) });
    client.on("data", (chunk) => pass(() => upstream.write(chunk)));
    client.on("close", () => pass(() => upstream.end()));
    upstream.on("data", (chunk) => client.write(chunk));
    upstream.on("close", () => client.destroy());
    for (const socket of [client, upstream]) socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const release = (): void => {
    holding = false;
    for (const send of kept.splice(0)) send();
  };
  return {
    through(url) {
      const passed = new URL(url);
      passed.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      return passed.href;
    },
    hold() {
      holding = true;
    },
    release,
    async close() {
      release();
      server.close();
      await once(server, "close");
    },
  };
}
