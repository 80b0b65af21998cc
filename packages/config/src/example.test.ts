import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { sectionNames } from "./schema/sections.ts";
import { load, problemsOf } from "./testing-load.ts";

const example = readFileSync(new URL("../../../millrace.example.yaml", import.meta.url), "utf8");
const uncommented = example.replaceAll(/^( *)# ((?:[a-zA-Z]+: |- )\S*)$/gm, "$1$2");

test("the example file loads as it is, and touches every section", () => {
  const { sources, warnings } = load({ yaml: example });
  expect(warnings).toEqual([]);
  const given = Object.entries(sources).filter(([, source]) => source.layer === "file");
  expect(new Set(given.map(([name]) => name.split(".")[0]))).toEqual(new Set(sectionNames));
});

test("it changes no default but the database's address", () => {
  const { config } = load({ yaml: example });
  const url = config.database.url;
  expect(config).toEqual(load({ fallbacks: { "database.url": { value: url, source: "test" } } }).config);
});

test("the prod profile refuses its password", () => {
  const problems = problemsOf(() => load({ yaml: example, env: { MILLRACE_PROFILE: "prod" } }));
  expect(problems).toMatchObject([{ name: "database.url" }]);
});

test("its commented keys exist", () => {
  expect(uncommented).not.toBe(example);
  const problems = problemsOf(() => load({ yaml: uncommented }));
  expect(problems.filter(({ expected }) => expected === "a key that exists")).toEqual([]);
});
