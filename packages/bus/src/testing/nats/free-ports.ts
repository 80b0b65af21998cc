import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";

/** So many ports of 127.0.0.1 that nobody listens on. Held together until all are known, so that none comes twice. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = [];
  for (let n = 0; n < count; n++) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    servers.map((server) => {
      server.close();
      return once(server, "close");
    }),
  );
  return ports;
}
