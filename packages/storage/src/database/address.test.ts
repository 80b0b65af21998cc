import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { parseAddress } from "./address.ts";

test("reads every part of a URL, percent encoding included", () => {
  expect(parseAddress("postgresql://us%40er:p%2Fw%3A@db.example:6543/na%20me?sslmode=require")).toEqual({
    host: "db.example",
    port: 6543,
    socketPath: undefined,
    user: "us@er",
    password: "p/w:",
    database: "na me",
    ssl: { mode: "require", options: {} },
  });
});

test("fills in the usual port, and the user's name for the database's", () => {
  expect(parseAddress("postgres://me@localhost")).toMatchObject({ port: 5432, database: "me", password: "" });
  expect(parseAddress("postgres://[::1]/x?user=me&password=pw&port=7")).toMatchObject({
    host: "::1",
    port: 7,
    user: "me",
    password: "pw",
  });
});

test("knows a unix socket by its folder", () => {
  expect(parseAddress("postgres://me@localhost/x?host=/run/pg")).toMatchObject({
    socketPath: "/run/pg/.s.PGSQL.5432",
    ssl: { mode: "disable" },
  });
  expect(parseAddress("postgres://me@%2Frun%2Fpg/x")).toMatchObject({ socketPath: "/run/pg/.s.PGSQL.5432" });
});

test.each([
  ["postgres://me@127.0.0.1/x", undefined, "disable"],
  ["postgres://me@db.example/x", undefined, "prefer"],
  ["postgres://me@db.example/x?sslmode=allow", undefined, "prefer"],
  ["postgres://me@db.example/x?sslmode=verify-ca", undefined, "verify-full"],
  ["postgres://me@db.example/x?sslmode=require", "disable", "disable"],
  ["postgres://me@db.example/x", true, "verify-full"],
  ["postgres://me@db.example/x?sslmode=require", false, "disable"],
  ["postgres://me@db.example/x", { ca: "own" }, "verify-full"],
  ["postgres://me@db.example/x?sslmode=verify-full&sslrootcert=system", undefined, "verify-full"],
] as const)("encrypts %s with option %s as %s", (url, option, mode) => {
  expect(parseAddress(url, option).ssl.mode).toBe(mode);
});

test("reads the certificate authority that the URL names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-address-"));
  writeFileSync(join(folder, "ca.pem"), "the authority");
  const { ssl } = parseAddress(`postgres://me@db.example/x?sslmode=verify-full&sslrootcert=${folder}/ca.pem`);
  expect(ssl.options).toEqual({ ca: "the authority" });
  expect(() => parseAddress(`postgres://me@db.example/x?sslrootcert=${folder}/none.pem`)).toThrow(
    "The database URL needs an sslrootcert that can be read",
  );
  await rm(folder, { recursive: true });
});

test.each([
  ["mysql://me@db/x", "a postgres:// URL"],
  ["not a url", "a postgres:// URL"],
  ["postgres://db.example/x", "a user name"],
  ["postgres://me@/x", "one host"],
  ["postgres://me@one,two/x", "one host"],
  ["postgres://me@localhost/x?port=0x", "a port"],
  ["postgres://me@db/x?sslmode=maybe", "sslmode"],
])("refuses %s without repeating it", (url, expected) => {
  expect(() => parseAddress(url)).toThrow(expect.objectContaining({ code: "VALIDATION_FAILED" }));
  expect(() => parseAddress(url)).toThrow(expected);
});
