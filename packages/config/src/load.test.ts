import * as fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";

import { type LoadedConfig, loadConfig } from "./load.ts";
import { folderWith } from "./testing-folder.ts";
import { databaseUrl, load, loadWithDatabase, problemsOf } from "./testing-load.ts";

const given = (value: unknown, source: string) => ({ value, source });

describe("precedence", () => {
  const name = "server.drainDelayMs";
  const lowToHigh = [
    { source: { layer: "default", label: "default" }, ms: 0, input: {} },
    { source: { layer: "profile", label: "profile prod" }, ms: 5_000, input: { env: { MILLRACE_PROFILE: "prod" } } },
    {
      source: { layer: "fallback", label: "a fallback" },
      ms: 2_000,
      input: { fallbacks: { [name]: given("2s", "a fallback") } },
    },
    {
      source: { layer: "file", label: "millrace.yaml:1:24" },
      ms: 3_000,
      input: { yaml: "server: {drainDelayMs: 3s}" },
    },
    {
      source: { layer: "environment", label: "MILLRACE_SERVER_DRAIN_DELAY_MS" },
      ms: 4_000,
      input: { env: { MILLRACE_SERVER_DRAIN_DELAY_MS: "4s" } },
    },
    {
      source: { layer: "override", label: "--drain" },
      ms: 6_000,
      input: { overrides: { [name]: given(6_000, "--drain") } },
    },
  ];

  test("the highest layer that gives a value wins, whichever others do", () => {
    fc.assert(
      fc.property(fc.subarray(lowToHigh.slice(1)), (layers) => {
        const env = Object.assign({}, ...layers.map(({ input }) => ("env" in input ? input.env : {}))) as Record<
          string,
          string
        >;
        const input = Object.assign({}, ...layers.map((layer) => layer.input)) as object;
        const { config, sources } = load({ sections: ["server"], ...input, env });
        const highest = layers.at(-1) ?? lowToHigh[0];
        expect(config.server.drainDelayMs).toBe(highest?.ms);
        expect(sources[name]).toEqual(highest?.source);
      }),
    );
  });

  test("a value of the file is traced to its line and column", () => {
    const { sources } = load({ sections: ["server"], yaml: "server:\n  port: 9000\n" });
    expect(sources["server.port"]).toEqual({ layer: "file", label: "millrace.yaml:2:9" });
  });

  test("a wrong value is reported although a higher layer hides it", () => {
    const problems = problemsOf(() =>
      load({ sections: ["server"], yaml: "server: {port: 99999}", env: { MILLRACE_SERVER_PORT: "9000" } }),
    );
    expect(problems).toMatchObject([{ name: "server.port", source: "millrace.yaml:1:16", got: "99999" }]);
  });
});

describe("profiles", () => {
  test("dev applies where none is named, with its defaults", () => {
    const { config, profile } = loadWithDatabase({});
    expect(profile).toBe("dev");
    expect(config.server.host).toBe("127.0.0.1");
    expect(config.logging.format).toBe("text");
    expect(config.worker.httpRequest.allowPrivateNetworks).toEqual(["127.0.0.0/8", "::1/128"]);
  });

  test("prod listens everywhere, drains, encrypts and lets no job reach a private network", () => {
    const { config } = loadWithDatabase({ env: { MILLRACE_PROFILE: "prod" } });
    expect(config.server).toMatchObject({ host: "0.0.0.0", drainDelayMs: 5_000 });
    expect(config.worker).toMatchObject({ healthHost: "0.0.0.0", healthPort: 8_081 });
    expect(config.worker.httpRequest.allowPrivateNetworks).toEqual([]);
    expect(config.database.ssl).toBe("require");
    expect(config.logging.format).toBe("json");
  });

  test("an unknown profile is refused with what was meant", () => {
    expect(problemsOf(() => loadWithDatabase({ env: { MILLRACE_PROFILE: "prd" } }))).toEqual([
      {
        name: "MILLRACE_PROFILE",
        source: "environment",
        got: '"prd"',
        expected: "one of dev, test, prod",
        hint: "did you mean prod?",
      },
    ]);
  });

  test("NODE_ENV=production without a profile is a warning", () => {
    expect(loadWithDatabase({ env: { NODE_ENV: "production" } }).warnings).toHaveLength(1);
    expect(loadWithDatabase({ env: { NODE_ENV: "production", MILLRACE_PROFILE: "prod" } }).warnings).toEqual([]);
  });
});

describe("sections", () => {
  test("only the sections asked for are returned, and only they must be complete", () => {
    const loaded = loadConfig({ sections: ["server", "logging"], env: {}, cwd: folderWith() });
    expectTypeOf(loaded).toEqualTypeOf<LoadedConfig<"server" | "logging">>();
    expectTypeOf(loaded.config.server.port).toEqualTypeOf<number>();
    expectTypeOf(loaded.config.server.corsOrigins).toEqualTypeOf<readonly string[]>();
    expectTypeOf(loaded.config).not.toHaveProperty("database");
    expect(Object.keys(loaded.config)).toEqual(["server", "logging"]);
    expect(Object.keys(loaded.sources).every((name) => /^(server|logging)\./.test(name))).toBe(true);
  });

  test("a mistake in a section that was not asked for is still reported", () => {
    const problems = problemsOf(() => load({ sections: ["server"], yaml: "worker: {concurrency: 0}" }));
    expect(problems).toMatchObject([{ name: "worker.concurrency" }]);
  });

  test("rules between the keys of a section that was not asked for are not applied", () => {
    const yaml = "worker: {leaseMs: 10s, heartbeatMs: 9s}";
    expect(problemsOf(() => load({ sections: ["server"], yaml }))).toEqual([]);
    expect(problemsOf(() => load({ sections: ["worker"], yaml }))).toHaveLength(1);
  });

  test("the database's address is required, and the problem says how to give it", () => {
    expect(problemsOf(() => load({}))).toEqual([
      {
        name: "database.url",
        source: "not set",
        expected: "a URL such as postgres://user:password@host:5432/database",
        hint: "set MILLRACE_DATABASE_URL or MILLRACE_DATABASE_URL_FILE or DATABASE_URL, or database.url in the configuration file",
      },
    ]);
  });

  test("values can't be changed once loaded", () => {
    const { config } = loadWithDatabase({});
    expect(() => Object.assign(config.server, { port: 1 })).toThrow(TypeError);
    expect(() => (config.worker.queues as string[]).push("x")).toThrow(TypeError);
    expect(() => Object.assign(config.worker.httpRequest, { timeoutMs: 1 })).toThrow(TypeError);
  });
});

describe("programs' values", () => {
  test("text is read as in the environment, and undefined counts as not given", () => {
    const { config } = load({
      sections: ["server", "worker"],
      env: { MILLRACE_SERVER_HOST: "::1" },
      overrides: {
        "server.port": given("9000", "--port"),
        "worker.queues": given("emails,reports", "--queues"),
        "server.host": given(undefined, "--host"),
      },
    });
    expect(config.server).toMatchObject({ port: 9000, host: "::1" });
    expect(config.worker.queues).toEqual(["emails", "reports"]);
  });

  test("a bad one is reported under its own name", () => {
    const problems = problemsOf(() =>
      load({
        sections: ["server"],
        overrides: { "server.port": given("http", "--port"), "server.prot": given(1, "--set") },
      }),
    );
    expect(problems).toEqual([
      { name: "server.prot", source: "--set", expected: "a key that exists", hint: "did you mean server.port?" },
      { name: "server.port", source: "--port", got: '"http"', expected: "an integer from 0 to 65535" },
    ]);
  });

  test("prod refuses what is for development only, but only where it would be used", () => {
    const fallbacks = {
      "database.url": { value: databaseUrl, source: "the embedded database", developmentOnly: true },
    };
    const prod = { MILLRACE_PROFILE: "prod" };
    expect(problemsOf(() => load({ fallbacks, env: prod }))).toEqual([
      {
        name: "database.url",
        source: "the embedded database",
        expected: "a value that is fit for production",
        hint: "this one is for development only",
      },
    ]);
    expect(problemsOf(() => load({ fallbacks, env: { ...prod, DATABASE_URL: databaseUrl } }))).toEqual([]);
    expect(load({ fallbacks }).sources["database.url"]).toEqual({ layer: "fallback", label: "the embedded database" });
  });
});
