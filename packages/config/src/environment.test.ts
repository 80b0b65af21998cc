import { describe, expect, test } from "vitest";

import { keys } from "./keys.ts";
import { databaseUrl, load, loadWithDatabase, problemsOf } from "./testing-load.ts";

describe("variables", () => {
  test("every key can be set by its variable", () => {
    for (const key of keys) {
      const problems = problemsOf(() => load({ sections: [], env: { [key.env]: "\u0001" } }));
      expect(problems).toEqual([expect.objectContaining({ name: key.name, source: key.env })]);
    }
  });

  test("text becomes numbers, durations, sizes, flags, words and lists", () => {
    const { config } = loadWithDatabase({
      env: {
        MILLRACE_SERVER_PORT: "9000",
        MILLRACE_SERVER_REQUEST_TIMEOUT_MS: "2m",
        MILLRACE_SERVER_HEADERS_TIMEOUT_MS: "1500",
        MILLRACE_SERVER_BODY_BYTES_MAX: "2MiB",
        MILLRACE_SERVER_TRUST_PROXY: "true",
        MILLRACE_SERVER_CORS_ORIGINS: "https://a.example, http://localhost:5173",
        MILLRACE_LOGGING_LEVEL: "debug",
      },
    });
    expect(config.server).toMatchObject({
      port: 9000,
      requestTimeoutMs: 120_000,
      headersTimeoutMs: 1_500,
      bodyBytesMax: 2_097_152,
      trustProxy: true,
      corsOrigins: ["https://a.example", "http://localhost:5173"],
    });
    expect(config.logging.level).toBe("debug");
  });

  test("an empty variable counts as unset", () => {
    const env = {
      MILLRACE_SERVER_PORT: "",
      MILLRACE_PROFILE: " ",
      MILLRACE_CONFIG: "",
      MILLRACE_DATABASE_URL_FILE: "",
    };
    expect(loadWithDatabase({ env }).config.server.port).toBe(8080);
  });

  test("an unknown variable is refused without showing its value", () => {
    const env = { MILLRACE_DATABSE_URL: databaseUrl, MILLRACE_LAKE_BUCKET: "b" };
    expect(problemsOf(() => loadWithDatabase({ env }))).toEqual([
      {
        name: "MILLRACE_DATABSE_URL",
        source: "environment",
        expected: "a variable that exists",
        hint: "did you mean MILLRACE_DATABASE_URL?",
      },
      { name: "MILLRACE_LAKE_BUCKET", source: "environment", expected: "a variable that exists" },
    ]);
  });

  test("variables of Kubernetes services are ignored, also where one has the name of a key", () => {
    const env = {
      MILLRACE_SERVICE_HOST: "10.0.0.7",
      MILLRACE_SERVER_PORT: "tcp://10.0.0.7:80",
      MILLRACE_SERVER_PORT_80_TCP_ADDR: "10.0.0.7",
    };
    expect(loadWithDatabase({ env }).sources["server.port"]?.layer).toBe("default");
  });

  test("other programs' variables are none of ours", () => {
    expect(
      problemsOf(() => loadWithDatabase({ env: { PATH: "/bin", MILLRACER: "x", millrace_server_port: "x" } })),
    ).toEqual([]);
  });
});

describe("secrets from files", () => {
  test("NAME_FILE gives the value, without its trailing line break, relative to the working directory", () => {
    const { config, sources } = load({
      files: { "secrets/url": `${databaseUrl}\n`, "secrets/keys": "k1:acme\nk2:globex\n" },
      env: {
        MILLRACE_DATABASE_URL_FILE: "secrets/url",
        MILLRACE_AUTH_STATIC_KEYS_FILE: "secrets/keys",
        MILLRACE_AUTH_MODE: "static",
      },
    });
    expect(config.database.url).toBe(databaseUrl);
    expect(config.auth.staticKeys).toEqual([
      { key: "k1", tenantId: "acme" },
      { key: "k2", tenantId: "globex" },
    ]);
    expect(sources["database.url"]).toEqual({
      layer: "environment",
      label: "MILLRACE_DATABASE_URL_FILE=secrets/url",
    });
  });

  test("NAME and NAME_FILE together are an error, since one of them would be ignored", () => {
    const env = { MILLRACE_DATABASE_URL: databaseUrl, MILLRACE_DATABASE_URL_FILE: "url" };
    expect(problemsOf(() => load({ env, files: { url: databaseUrl } }))).toEqual([
      {
        name: "database.url",
        source: "MILLRACE_DATABASE_URL_FILE",
        expected: "only one of MILLRACE_DATABASE_URL and MILLRACE_DATABASE_URL_FILE",
      },
    ]);
  });

  test("an unusable file is one problem, not also a missing value", () => {
    const problems = problemsOf(() => load({ env: { MILLRACE_DATABASE_URL_FILE: "./url" }, files: { url: "\n" } }));
    expect(problems).toMatchObject([{ name: "database.url", got: '"./url"', hint: "the file is empty" }]);
  });

  test("only secrets are read from files", () => {
    const problems = problemsOf(() => loadWithDatabase({ env: { MILLRACE_SERVER_PORT_FILE: "port" } }));
    expect(problems).toMatchObject([{ hint: "only secrets are read from files; use MILLRACE_SERVER_PORT" }]);
  });
});

describe("names of hosting platforms", () => {
  test("DATABASE_URL and PORT are understood", () => {
    const { config, sources } = load({ env: { DATABASE_URL: databaseUrl, PORT: "9000" } });
    expect(config.database.url).toBe(databaseUrl);
    expect(config.server.port).toBe(9000);
    expect(sources["database.url"]?.label).toBe("DATABASE_URL");
  });

  test("our own names win, and what they hide isn't looked at", () => {
    const env = {
      MILLRACE_DATABASE_URL: databaseUrl,
      DATABASE_URL: "mysql://x",
      MILLRACE_SERVER_PORT: "9000",
      PORT: "x",
    };
    expect(load({ env }).config.server.port).toBe(9000);
    const overrides = { "server.port": { value: 9001, source: "--port" } };
    expect(loadWithDatabase({ env: { PORT: "x" }, overrides }).config.server.port).toBe(9001);
  });

  test("they are validated where they count, and ignored by an app that doesn't use the section", () => {
    expect(problemsOf(() => load({ sections: ["server"], env: { PORT: "x" } }))).toMatchObject([{ source: "PORT" }]);
    expect(problemsOf(() => load({ sections: ["logging"], env: { PORT: "x", DATABASE_URL: "mysql://x" } }))).toEqual(
      [],
    );
  });
});
