import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { startTcpProxy } from "./tcp-proxy.ts";
import type { TcpProxy } from "./tcp-proxy.ts";

let echo: Server;
let proxy: TcpProxy;
beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(echo, "listening");
  proxy = await startTcpProxy({ port: (echo.address() as AddressInfo).port });
});
afterEach(async () => {
  await proxy.close();
  echo.close();
});

async function open(): Promise<Socket> {
  const socket = connect({ port: proxy.port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

async function say(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return chunk.toString();
}

describe("the proxy", () => {
  test("passes bytes both ways, and closes when an end does", async () => {
    const socket = await open();
    expect(await say(socket, "hello")).toBe("hello");
    expect(proxy.through("postgres://me@db.example:5432/x")).toBe(`postgres://me@127.0.0.1:${proxy.port}/x`);
    socket.end();
    await once(socket, "close");
    await expect.poll(() => proxy.connections()).toBe(0);
  });

  test("delays", async () => {
    const socket = await open();
    proxy.delay(40);
    const startMs = performance.now();
    expect(await say(socket, "slow")).toBe("slow");
    expect(performance.now() - startMs).toBeGreaterThan(75);
  });

  test("slices, and keeps the order of bytes also when it stops to", async () => {
    const socket = await open();
    const heard: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => heard.push(chunk));
    const text = "0123456789".repeat(20);
    proxy.slice(7);
    socket.write(text);
    await expect.poll(() => heard.length).toBeGreaterThan(1);
    proxy.heal();
    socket.write("end");
    await expect.poll(() => Buffer.concat(heard).toString()).toBe(`${text}end`);
    expect(Math.max(...heard.slice(0, 2).map(({ length }) => length))).toBeLessThan(text.length);
  });

  test("swallows everything without closing, until new connections are let through", async () => {
    const swallowed = await open();
    await say(swallowed, "before");
    const seen: string[] = [];
    proxy.watch((_, chunk) => seen.push(chunk.toString()) > 0);
    proxy.blackHole();
    swallowed.write("lost");
    await expect.poll(() => seen).toEqual(["lost"]);
    const fresh = await open();
    fresh.write("lost too");
    await expect.poll(() => seen).toEqual(["lost", "lost too"]);
    proxy.heal();
    const heard: string[] = [];
    swallowed.on("data", (chunk: Buffer) => heard.push(chunk.toString()));
    swallowed.write("still lost");
    expect(await say(await open(), "after")).toBe("after");
    expect(heard).toEqual([]);
    expect(swallowed.closed).toBe(false);
  });

  test("shows what passes and drops what it is told to", async () => {
    const socket = await open();
    const seen: string[] = [];
    proxy.watch((direction, chunk) => {
      seen.push(`${direction}: ${chunk.toString()}`);
      return direction === "to server";
    });
    socket.write("question");
    await expect.poll(() => seen).toEqual(["to server: question", "to client: question"]);
  });

  test("resets and cuts", async () => {
    const first = await open();
    await say(first, "x");
    const failed = once(first, "error").catch((error: unknown) => [error]);
    proxy.reset();
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
    const second = await open();
    await say(second, "x");
    proxy.cut();
    await once(second, "close");
  });
});
