import { describe, expect, test } from "vitest";

import { load, problemsOf } from "../testing-load.ts";

const refused = (keys: string) =>
  problemsOf(() => load({ sections: ["worker"], yaml: `worker: {${keys}}` })).map(({ name }) => name);
const signingSecret = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;

describe("worker", () => {
  test("its defaults work all queues", () => {
    expect(load({ sections: ["worker"], env: { MILLRACE_PROFILE: "test" } }).config.worker).toEqual({
      name: undefined,
      queues: ["*"],
      concurrency: 50,
      prefetch: 10,
      leaseMs: 30_000,
      heartbeatMs: 10_000,
      pollIntervalMs: 250,
      materialise: true,
      shutdownGraceMs: 25_000,
      handlers: [],
      healthHost: "127.0.0.1",
      healthPort: 0,
      httpRequest: {
        allowPrivateNetworks: [],
        timeoutMs: 30_000,
        responseBytesMax: 65_536,
        signingSecret: undefined,
      },
    });
  });

  test.each([
    ["leaseMs: 20s, heartbeatMs: 10s", "worker.heartbeatMs"],
    ["queues: ['*', emails]", "worker.queues"],
    ["queues: ['-x']", "worker.queues"],
    ["concurrency: 0", "worker.concurrency"],
    ["concurrency: 10001", "worker.concurrency"],
    ["handlers: ['']", "worker.handlers"],
    ["name: 'a b'", "worker.name"],
    ["httpRequest: {allowPrivateNetworks: [10.0.0.1]}", "worker.httpRequest.allowPrivateNetworks"],
    ["httpRequest: {allowPrivateNetworks: [10.0.0.0/33]}", "worker.httpRequest.allowPrivateNetworks"],
    [`httpRequest: {signingSecret: ${signingSecret(23)}}`, "worker.httpRequest.signingSecret"],
    [`httpRequest: {signingSecret: ${signingSecret(65)}}`, "worker.httpRequest.signingSecret"],
    ["httpRequest: {signingSecret: secret}", "worker.httpRequest.signingSecret"],
  ])("%s is refused", (keys, name) => expect(refused(keys)).toEqual([name]));

  test.each([
    "leaseMs: 20001, heartbeatMs: 10s",
    "queues: [emails, reports/eu]",
    "handlers: [./jobs/email.ts, '@acme/jobs']",
    "name: host-1:4711",
    "httpRequest: {allowPrivateNetworks: [10.0.0.0/8, 'fd00::/8']}",
    `httpRequest: {signingSecret: ${signingSecret(24)}}`,
    `httpRequest: {signingSecret: ${signingSecret(64)}}`,
  ])("%s is fine", (keys) => expect(refused(keys)).toEqual([]));
});
