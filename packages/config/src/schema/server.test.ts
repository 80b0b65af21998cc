import { describe, expect, test } from "vitest";

import { load, problemsOf } from "../testing-load.ts";

const refused = (keys: string) =>
  problemsOf(() => load({ sections: ["server"], yaml: `server: {${keys}}` })).map(({ name }) => name);

describe("server", () => {
  test("its defaults serve one machine", () => {
    expect(load({ sections: ["server"] }).config.server).toEqual({
      host: "127.0.0.1",
      port: 8_080,
      requestTimeoutMs: 30_000,
      headersTimeoutMs: 10_000,
      idleTimeoutMs: 65_000,
      shutdownGraceMs: 25_000,
      drainDelayMs: 0,
      bodyBytesMax: 1_048_576,
      batchBodyBytesMax: 16_777_216,
      headerBytesMax: 16_384,
      corsOrigins: [],
      trustProxy: false,
      connectionsMax: 10_000,
    });
  });

  test.each([
    ["requestTimeoutMs: 5s, headersTimeoutMs: 6s", "server.headersTimeoutMs"],
    ["shutdownGraceMs: 5s, drainDelayMs: 5s", "server.drainDelayMs"],
    ["bodyBytesMax: 2MiB, batchBodyBytesMax: 1MiB", "server.bodyBytesMax"],
    ["host: 'a b'", "server.host"],
    ["port: 65536", "server.port"],
    ["port: -1", "server.port"],
    ["corsOrigins: ['*']", "server.corsOrigins"],
    ["corsOrigins: ['https://a.example/']", "server.corsOrigins"],
    ["corsOrigins: ['https://A.example']", "server.corsOrigins"],
    ["corsOrigins: ['ftp://a.example']", "server.corsOrigins"],
  ])("%s is refused", (keys, name) => expect(refused(keys)).toEqual([name]));

  test.each([
    "headersTimeoutMs: 30s",
    "shutdownGraceMs: 0",
    "port: 0",
    "host: '::1'",
    "corsOrigins: ['http://localhost:5173']",
  ])("%s is fine", (keys) => expect(refused(keys)).toEqual([]));

  test("a breach names the keys it is between, their values and where these came from", () => {
    const env = { MILLRACE_SERVER_HEADERS_TIMEOUT_MS: "6s" };
    expect(problemsOf(() => load({ sections: ["server"], yaml: "server: {requestTimeoutMs: 5s}", env }))).toEqual([
      {
        name: "server.headersTimeoutMs",
        source: "MILLRACE_SERVER_HEADERS_TIMEOUT_MS",
        got: "6s",
        expected: "at most server.requestTimeoutMs",
        hint: "server.requestTimeoutMs is 5s (millrace.yaml:1:28)",
      },
    ]);
  });

  test("a rule over a value that is itself wrong is left out", () => {
    expect(refused("requestTimeoutMs: soon, headersTimeoutMs: 2m")).toEqual(["server.requestTimeoutMs"]);
  });
});
