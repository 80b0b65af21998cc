import { describe, expect, test } from "vitest";

import { groupNames, keys, keysByName } from "./keys.ts";
import type { Section } from "./schema/section.ts";
import { sectionNames, sections } from "./schema/sections.ts";

describe("keys", () => {
  test("every one is described in a sentence", () => {
    expect(keys.filter(({ description }) => !/^[A-Z].*\.$/.test(description))).toEqual([]);
  });

  test("every default, those of profiles included, is a value that the schema accepts", () => {
    const defaults = keys.flatMap(({ name, schema, fallback, profiles }) =>
      [fallback, ...Object.values(profiles)].map((value) => ({
        name,
        value,
        accepted: schema.safeParse(value).success,
      })),
    );
    expect(defaults.filter(({ accepted }) => !accepted)).toEqual([
      { name: "database.url", value: undefined, accepted: false },
    ]);
  });

  test("every rule is about keys that exist", () => {
    const named = sectionNames.flatMap((name) => {
      const section: Section = sections[name];
      return section.rules.flatMap((rule) => rule.keys.map((key) => `${name}.${key}`));
    });
    expect(named.filter((name) => !keysByName.has(name))).toEqual([]);
  });

  test("groups are the sections and what is nested in them", () => {
    expect([...groupNames]).toEqual([
      "server",
      "database",
      "worker",
      "worker.httpRequest",
      "ingest",
      "lake",
      "lake.s3",
      "lake.compaction",
      "query",
      "logging",
      "telemetry",
      "telemetry.tracing",
      "auth",
    ]);
  });
});
