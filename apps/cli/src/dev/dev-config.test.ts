import { tmpdir } from "node:os";

import { describe, expect, test } from "vitest";

import { ConfigError } from "@millrace/config";

import { loadDevConfig, usesEmbedded, usesKeptKey } from "./dev-config.ts";
import type { DevFlags } from "./flags.ts";

const noFlags: DevFlags = {
  port: undefined,
  dataDir: undefined,
  apiKey: undefined,
  databaseUrl: undefined,
  worker: true,
  reset: false,
};
const arranged = { key: "kept", databaseUrl: "postgres://millrace:x@127.0.0.1:5555/millrace" };
const ours = "postgres://me:x@db.example/ours";
const theirs = "postgres://me:x@db.example/theirs";

function load(flags: Partial<DevFlags> = {}, env: Record<string, string> = {}, known: typeof arranged | object = {}) {
  const out = { write: () => true };
  const io = { stdout: out, stderr: out, env, cwd: tmpdir(), signal: new AbortController().signal };
  return loadDevConfig(io, { ...noFlags, ...flags }, known);
}

describe("the configuration of millrace dev", () => {
  test("needs nothing to be configured", () => {
    const loaded = load({}, {}, arranged);
    expect(loaded.config.server.port).toBe(8_080);
    expect(loaded.config.database).toMatchObject({ url: arranged.databaseUrl, directUrl: arranged.databaseUrl });
    expect(loaded.config.auth).toMatchObject({ mode: "static", staticKeys: [{ key: "kept", tenantId: "default" }] });
    expect(loaded.config.logging.level).toBe("warn");
    expect([usesEmbedded(loaded), usesKeptKey(loaded)]).toEqual([true, true]);
  });

  test("takes the environment's word over what it arranges by itself", () => {
    const env = {
      MILLRACE_SERVER_PORT: "9000",
      MILLRACE_DATABASE_URL: ours,
      MILLRACE_AUTH_STATIC_KEYS: "mine:acme",
      MILLRACE_LOGGING_LEVEL: "info",
    };
    const loaded = load({}, env);
    expect(loaded.config.server.port).toBe(9_000);
    expect(loaded.config.database.url).toBe(ours);
    expect(loaded.config.auth.staticKeys).toEqual([{ key: "mine", tenantId: "acme" }]);
    expect(loaded.config.logging.level).toBe("info");
    expect([usesEmbedded(loaded), usesKeptKey(loaded)]).toEqual([false, false]);
  });

  test("takes a flag's word over the environment's", () => {
    const env = { PORT: "9000", MILLRACE_DATABASE_URL: ours, MILLRACE_AUTH_STATIC_KEYS: "mine:acme" };
    const loaded = load({ port: "9001", databaseUrl: theirs, apiKey: "given" }, env);
    expect(loaded.config.server.port).toBe(9_001);
    expect(loaded.config.database.url).toBe(theirs);
    expect(loaded.config.auth.staticKeys).toEqual([{ key: "given", tenantId: "default" }]);
    expect([usesEmbedded(loaded), usesKeptKey(loaded)]).toEqual([false, false]);
  });

  test("never migrates past the database it uses: a configured direct URL belongs to another one", () => {
    const env = { MILLRACE_DATABASE_DIRECT_URL: ours };
    expect(load({}, env, arranged).config.database.directUrl).toBe(arranged.databaseUrl);
    expect(load({ databaseUrl: theirs }, env).config.database.directUrl).toBe(theirs);
  });

  test("accepts its own key whatever the file says about keys", () => {
    expect(load({}, { MILLRACE_AUTH_MODE: "postgres" }, arranged).config.auth.mode).toBe("static");
  });

  test("does not run in the prod profile", () => {
    expect(() => load({}, { MILLRACE_PROFILE: "prod" }, arranged)).toThrow(ConfigError);
  });

  test("a key that no header can carry is refused without being shown", () => {
    const refused = () => load({ apiKey: "two words" });
    expect(refused).toThrow(ConfigError);
    expect(refused).not.toThrow(/two words/);
  });
});
