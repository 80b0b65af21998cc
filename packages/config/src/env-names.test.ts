import { describe, expect, test } from "vitest";

import { envName, fileEnvName, fileVariable, isServiceLink, profileVariable } from "./env-names.ts";
import { keys } from "./keys.ts";

describe("environment names", () => {
  test.each([
    ["server.requestTimeoutMs", "MILLRACE_SERVER_REQUEST_TIMEOUT_MS"],
    ["database.url", "MILLRACE_DATABASE_URL"],
    ["worker.httpRequest.allowPrivateNetworks", "MILLRACE_WORKER_HTTP_REQUEST_ALLOW_PRIVATE_NETWORKS"],
  ])("%s is %s", (key, name) => expect(envName(key)).toBe(name));

  test("no two names mean the same variable", () => {
    const names = [profileVariable, fileVariable, ...keys.flatMap((key) => [key.env, fileEnvName(key.env)])];
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("Kubernetes service links", () => {
  test.each([
    ["MILLRACE_SERVICE_HOST", "10.0.0.7"],
    ["MILLRACE_SERVICE_PORT", "80"],
    ["MILLRACE_SERVICE_PORT_HTTP", "80"],
    ["MILLRACE_PORT", "tcp://10.0.0.7:80"],
    ["MILLRACE_PORT_80_TCP", "tcp://10.0.0.7:80"],
    ["MILLRACE_PORT_80_TCP_ADDR", "10.0.0.7"],
    ["MILLRACE_PORT_80_TCP_PORT", "80"],
    ["MILLRACE_PORT_80_TCP_PROTO", "tcp"],
    ["MILLRACE_SERVER_SERVICE_HOST", "10.0.0.7"],
    ["MILLRACE_SERVER_PORT", "tcp://10.0.0.7:80"],
    ["MILLRACE_DNS_PORT_53_UDP", "udp://10.0.0.7:53"],
  ])("%s=%s is one", (name, value) => expect(isServiceLink(name, value)).toBe(true));

  test.each([
    ["MILLRACE_SERVER_PORT", "8080"],
    ["MILLRACE_SERVER_HOST", "10.0.0.7"],
    ["MILLRACE_PORT", "8080"],
    ["MILLRACE_DATABASE_URL", "tcp://10.0.0.7:80"],
    ["OTHER_SERVICE_HOST", "10.0.0.7"],
  ])("%s=%s is a setting", (name, value) => expect(isServiceLink(name, value)).toBe(false));
});
