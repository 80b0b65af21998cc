import { describe, expect, test } from "vitest";

import { load, loadWithDatabase, problemsOf } from "./testing-load.ts";

const problems = (yaml: string) => problemsOf(() => loadWithDatabase({ yaml }));
const level = (name: string, inner: string) => `${name}: &${name} [${Array(10).fill(inner).join(",")}]`;
const at = (yaml: string) => problems(yaml).map(({ name, source, expected }) => [name, source, expected]);

describe("the configuration file", () => {
  test("is optional, may be empty, and its sections may be", () => {
    expect(problemsOf(() => loadWithDatabase({}))).toEqual([]);
    expect(problems("")).toEqual([]);
    expect(problems("# nothing\n")).toEqual([]);
    expect(problems("server:\n  # port: 1\nworker:\n  httpRequest:\n")).toEqual([]);
  });

  test("gives typed values, lists and nested groups", () => {
    const { config } = loadWithDatabase({
      yaml: "server: {port: 9000, trustProxy: true}\nworker:\n  queues: [a, b]\n  httpRequest: {timeoutMs: 5s}\n",
    });
    expect(config.server).toMatchObject({ port: 9000, trustProxy: true });
    expect(config.worker).toMatchObject({ queues: ["a", "b"], httpRequest: { timeoutMs: 5_000 } });
  });

  test("MILLRACE_CONFIG names another one, relative to the working directory", () => {
    const { config, sources } = loadWithDatabase({
      yaml: "server: {port: 1}",
      files: { "etc/my.yaml": "server: {port: 2}" },
      env: { MILLRACE_CONFIG: "etc/my.yaml" },
    });
    expect(config.server.port).toBe(2);
    expect(sources["server.port"]?.label).toBe("etc/my.yaml:1:16");
  });

  test("one that is named must exist, and what it may have held is not called missing", () => {
    expect(problemsOf(() => load({ env: { MILLRACE_CONFIG: "none.yaml" } }))).toEqual([
      {
        name: "none.yaml",
        source: "MILLRACE_CONFIG",
        expected: "a readable YAML file of up to 1MiB",
        hint: "the file cannot be read (ENOENT)",
      },
    ]);
  });

  test("one of more than 1 MiB is refused", () => {
    expect(problems("#".repeat(1024 ** 2 + 1))).toMatchObject([{ hint: "the file is larger than 1MiB" }]);
  });

  test("millrace.yml is pointed out as not read", () => {
    expect(loadWithDatabase({ files: { "millrace.yml": "x" } }).warnings).toEqual([
      "millrace.yml is not read; the configuration file is called millrace.yaml",
    ]);
  });

  test.each([
    ["servr: {}", "servr", "did you mean server?"],
    ["server: {prot: 1}", "server.prot", "did you mean server.port?"],
    ["server: {concurrency: 1}", "server.concurrency", "did you mean worker.concurrency?"],
    ["worker: {httpRequest: {timeout: 1}}", "worker.httpRequest.timeout", "did you mean worker.httpRequest.timeoutMs?"],
    ["mailbox: {size: 3}", "mailbox", undefined],
    ["__proto__: {port: 1}", "__proto__", undefined],
    ["server: {constructor: 1}", "server.constructor", undefined],
  ])("an unknown key is refused: %s", (yaml, name, hint) => {
    expect(problems(yaml)).toEqual([
      expect.objectContaining({ name, expected: "a key that exists", ...(hint === undefined ? {} : { hint }) }),
    ]);
  });

  test.each([
    ["server:\n  port: 1\n  port: 2\n", ["millrace.yaml", "millrace.yaml:3:3", "each key once"]],
    ["server: {port: !tcp 80}\n", ["millrace.yaml", "millrace.yaml:1:16", "no custom tags"]],
    ["server:\n\tport: 1\n", ["millrace.yaml", "millrace.yaml:2:1", "spaces, not tabs, as indentation"]],
    ["a: 1\n---\nb: 2\n", ["millrace.yaml", "millrace.yaml:2:1", "one document"]],
    ["- server\n", ["millrace.yaml", "millrace.yaml:1:1", "a mapping of sections"]],
    ["server: 9000\n", ["server", "millrace.yaml:1:9", "a mapping of keys"]],
    ["server: {port: }\n", ["server.port", "millrace.yaml:1:10", "a value"]],
  ])("%j is refused at its place", (yaml, expected) => expect(at(yaml)).toContainEqual(expected));

  test.each([
    ["server: {port: '9000'}", "server.port", '"9000"'],
    ["server: {trustProxy: yes}", "server.trustProxy", '"yes"'],
    ["worker: {queues: 'a,b'}", "worker.queues", '"a,b"'],
    ["worker: {queues: {a: 1}}", "worker.queues", "a mapping"],
    ["worker: {queues: [a, 'b c']}", "worker.queues", '"b c" as entry 2'],
    ["worker: {queues: []}", "worker.queues", "a list"],
    ["worker: {name: 5}", "worker.name", "5"],
    ["server: {requestTimeoutMs: 1.5s}", "server.requestTimeoutMs", '"1.5s"'],
    ["server: {requestTimeoutMs: 2h}", "server.requestTimeoutMs", '"2h"'],
    ["server: {requestTimeoutMs: 12.5}", "server.requestTimeoutMs", "12.5"],
    ["server: {bodyBytesMax: 1MB}", "server.bodyBytesMax", '"1MB"'],
  ])("a value of the wrong shape is refused as found: %s", (yaml, name, got) =>
    expect(problems(yaml)).toEqual([expect.objectContaining({ name, got })]),
  );

  test("anchors work, and aliases that would expand without end are refused quickly", () => {
    const { config } = loadWithDatabase({
      yaml: "server: {shutdownGraceMs: &grace 20s}\nworker: {shutdownGraceMs: *grace}",
    });
    expect(config.worker.shutdownGraceMs).toBe(20_000);
    for (const depth of [4, 9]) {
      const names = Array.from("abcdefghi").slice(0, depth);
      const bomb = names.map((name, index) => level(name, index === 0 ? "x" : `*${names[index - 1]}`)).join("\n");
      expect(problems(`${bomb}\nworker: {queues: *${names.at(-1)}}`)).toContainEqual(
        expect.objectContaining({ name: "worker.queues", got: "a mapping" }),
      );
    }
    expect(problems("worker: {queues: *missing}")).toMatchObject([{ name: "worker.queues" }]);
    expect(problems("server: &s {port: 1, worker: *s}")).toMatchObject([{ name: "server.worker" }]);
  });

  test("nesting deep enough to exhaust a stack is one problem like any other", () => {
    expect(problems(`server: ${"[".repeat(20_000)}`)).toMatchObject([{ expected: "less nesting" }]);
  });

  test("one mistake is reported once, however often the parser stumbles over it", () => {
    expect(at("server:\n  port: [1\n")).toEqual([
      ["millrace.yaml", "millrace.yaml:3:1", "consistent indentation, and every bracket closed"],
    ]);
  });
});
