import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { printConfig } from "./print.ts";
import { ConfigError, formatProblems } from "./problems.ts";
import { load } from "./testing-load.ts";

const canary = "zq9-CANARY-x7";
const yamlOf = (section: string, key: string, value: string) => `${section}: {${key}: ${JSON.stringify(value)}}`;

function everythingSaid(run: () => ReturnType<typeof load>): string {
  try {
    const loaded = run();
    return [
      printConfig(loaded),
      printConfig(loaded, "json"),
      JSON.stringify(loaded.sources),
      loaded.warnings.join(),
    ].join();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [formatProblems(error), JSON.stringify(error), String(error), error.stack].join();
  }
}

describe("secrets are never shown", () => {
  test("not in the effective configuration", () => {
    const said = everythingSaid(() =>
      load({
        env: {
          MILLRACE_DATABASE_URL: `postgres://app:${canary}@db:5432/app?sslmode=disable&token=${canary}`,
          MILLRACE_DATABASE_DIRECT_URL: `postgres://app:${canary}@direct:5432/app`,
          MILLRACE_WORKER_HTTP_REQUEST_SIGNING_SECRET: `whsec_${Buffer.from(canary.repeat(3)).toString("base64")}`,
          MILLRACE_AUTH_MODE: "static",
          MILLRACE_AUTH_STATIC_KEYS: `${canary}:acme`,
        },
      }),
    );
    expect(said).toContain("postgres://app:[redacted]@db:5432/app?…");
    expect(said).not.toContain(canary);
    expect(said).not.toContain(Buffer.from(canary).toString("base64").slice(0, 12));
  });

  test.each(["database.url", "database.directUrl", "worker.httpRequest.signingSecret", "auth.staticKeys"])(
    "not in a problem of %s, wherever the value came from",
    (name) => {
      const [section = "", ...rest] = name.split(".");
      const last = rest.pop() ?? "";
      const value =
        rest.length === 0 ? yamlOf(section, last, canary) : `${section}: {${yamlOf(rest.join(), last, canary)}}`;
      const variable = `MILLRACE_${name
        .replaceAll(".", "_")
        .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
        .toUpperCase()}`;
      const runs = [
        { yaml: value },
        { env: { [variable]: canary } },
        { env: { [`${variable}_FILE`]: canary } },
        { env: { [`${variable}_FILE`]: "s" }, files: { s: canary } },
        { overrides: { [name]: { value: canary, source: "--flag" } } },
        { overrides: { [name]: { value: [canary, 5, { canary }], source: "--flag" } } },
      ];
      for (const run of runs) {
        const said = everythingSaid(() => load(run));
        expect(said).toContain(name);
        expect(said).not.toContain(canary);
      }
    },
  );

  test.each([
    `database: {url: *${canary}}`,
    `database: {url: !${canary} x}`,
    `database: {url: "${canary}\\q"}`,
    `database: {url: @${canary}}`,
    `database:\n  url: "${canary}`,
    `database:\n  url: a: ${canary}\n`,
    `database: {url: [${canary}`,
    `database:\n  url: >x ${canary}\n`,
    `? [${canary}]\n: 1`.replace(canary, "x"),
    `unknown: ${canary}`,
  ])("not in a fault of the file: %s", (yaml) => {
    const said = everythingSaid(() => load({ yaml }));
    expect(said).toContain("millrace.yaml");
    expect(said).not.toContain(canary);
  });

  test("no part of a password gets out, however badly it is escaped", () => {
    const part = fc.constantFrom("#", "/", "?", "@", ":", "%", "[", "]", "&", "=", " ", "\\", "1");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), fc.array(part, { maxLength: 4 }), (before, after) => {
        const password = `${before.join("")}${canary}${after.join("")}${canary}`;
        const said = everythingSaid(() =>
          load({ overrides: { "database.url": { value: `postgres://app:${password}@db/app`, source: "x" } } }),
        );
        expect(said.toLowerCase()).not.toContain(canary.toLowerCase());
      }),
    );
  });
});
