import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { createDatabase } from "../database.ts";
import type { DatabaseOptions, SslOption } from "../database.ts";
import { patient } from "../testing/patient.ts";
import { testDatabase } from "../testing/test-database.ts";
import type { TestDatabase } from "../testing/test-database.ts";
import { certificate, startTlsProxy } from "./tls-proxy.test.support.ts";
import type { TlsAnswer } from "./tls-proxy.test.support.ts";

let db: TestDatabase;
const open: { close(): unknown }[] = [];
beforeAll(async () => {
  db = await testDatabase({ migrate: false });
});
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});
afterAll(() => db.close());

async function ping(
  answer: TlsAnswer,
  ssl: SslOption,
  host = "127.0.0.1",
  options: Partial<DatabaseOptions> = {},
): Promise<string> {
  const proxy = await startTlsProxy(db.url, answer);
  const url = new URL(proxy.url);
  url.hostname = host;
  const database = createDatabase({ ...patient, url: url.href, ssl, ...options });
  open.push(database, proxy);
  const [row] = await database.query<{ one: string }>({ name: "one", text: "select 'answered' as one" });
  return row!.one;
}

test("an encrypted connection is used as any other", async () => {
  expect(await ping("S", "require")).toBe("answered");
  expect(await ping("S", "prefer", "localhost")).toBe("answered");
});

test("a server without encryption is taken where it is preferred, and refused where it is required", async () => {
  expect(await ping("N", "prefer")).toBe("answered");
  await expect(ping("N", "require")).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("a certificate that nobody vouches for is refused when it is to be checked", async () => {
  await expect(ping("S", "verify-full")).rejects.toMatchObject({
    code: "UNAVAILABLE",
    cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
  });
  expect(await ping("S", { ca: certificate }, "localhost")).toBe("answered");
  expect(await ping("S", { ca: certificate })).toBe("answered");
});

test("plain text that is slipped in before the encryption is not taken for the server's", async () => {
  await expect(ping("S then more", "require")).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("a server that never answers the question for encryption is given up in time", async () => {
  await expect(ping("nothing", "prefer", "127.0.0.1", { connectTimeoutMs: 300 })).rejects.toMatchObject({
    code: "UNAVAILABLE",
    cause: { code: "CONNECT_TIMEOUT" },
  });
});
