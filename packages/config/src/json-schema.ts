import { z } from "zod";

import { type Key, keys } from "./keys.ts";
import { sectionNames, sections } from "./schema/sections.ts";

/** The JSON Schema of the configuration file, for editors. Nothing is required: any value may come from the environment instead. */
export function jsonSchema(): Record<string, unknown> {
  const keyOf = new Map<unknown, Key>(keys.map((key) => [key.schema, key]));
  const describedSections = new Map<unknown, string>(
    sectionNames.map((name) => [sections[name].schema, sections[name].description]),
  );
  const file = z.strictObject(Object.fromEntries(sectionNames.map((name) => [name, sections[name].schema.optional()])));
  const schema = z.toJSONSchema(file, {
    io: "input",
    override: ({ zodSchema, jsonSchema: node }) => {
      delete node.required;
      const key = keyOf.get(zodSchema);
      const description = key === undefined ? describedSections.get(zodSchema) : describe(key);
      if (description !== undefined) node.description = description;
      if (key?.fallback !== undefined) node.default = asWritten(key, key.fallback);
    },
  });
  return { ...schema, title: "Millrace configuration file" };
}

function describe(key: Key): string {
  const byProfile = Object.entries(key.profiles).map(([profile, value]) => `${profile}: ${key.show(value) || "none"}`);
  return byProfile.length === 0 ? key.description : `${key.description} Default by profile: ${byProfile.join("; ")}.`;
}

/** Durations and sizes as people write them, everything else as it is. */
function asWritten(key: Key, value: unknown): never {
  return (typeof value === "number" && key.kind === "text" ? key.show(value) : value) as never;
}
