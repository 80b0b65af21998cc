import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { AddressPolicy } from "./address-policy.ts";
import { createGuardedConnector } from "./guarded-connector.ts";

const server = createServer();
let port = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = String((server.address() as AddressInfo).port);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function connect(hostname: string, allows: AddressPolicy, addresses: readonly string[] = []): Promise<Socket> {
  const resolve = () => Promise.resolve(addresses.map((address) => ({ address, family: 4 })));
  return new Promise((connected, reject) => {
    createGuardedConnector(
      allows,
      resolve,
      30_000,
    )({ hostname, port, protocol: "http:" }, (error, socket) => (error === null ? connected(socket) : reject(error)));
  });
}

describe("the guarded connector", () => {
  it("judges the address that the socket ended up with, whatever was judged before", async () => {
    const judged: string[] = [];
    const once: AddressPolicy = (address) => judged.push(address) === 1;
    await expect(connect("name.test", once, ["127.0.0.1"])).rejects.toThrow("may not reach");
    expect(judged).toEqual(["127.0.0.1", "127.0.0.1"]);
  });

  it("fails for a name without an address, in a way that may pass", async () => {
    await expect(connect("name.test", () => true)).rejects.toMatchObject({ name: "Error" });
  });

  it("connects where it may", async () => {
    for (const hostname of ["127.0.0.1", "name.test"]) {
      const socket = await connect(hostname, (address) => address === "127.0.0.1", ["127.0.0.1"]);
      expect(socket.remoteAddress).toBe("127.0.0.1");
      socket.destroy();
    }
  });
});
