import { z } from "zod";

import { envName } from "./env-names.ts";
import { redacted } from "./redact.ts";
import type { Profile } from "./schema/profile.ts";
import { keyNotes } from "./schema/section.ts";
import { type SectionName, sectionNames, sections } from "./schema/sections.ts";
import { valueForms } from "./schema/values.ts";

/** One key of the configuration with everything that is known of it, read off the schema. */
export interface Key {
  /** Dotted: `server.port`. */
  readonly name: string;
  readonly section: SectionName;
  readonly env: string;
  readonly schema: z.ZodType;
  readonly description: string;
  /** What a value looks like, in words. */
  readonly expected: string;
  readonly hint: string | undefined;
  readonly secret: boolean;
  readonly platformName: string | undefined;
  /** Whether what doesn't fit under that name is passed over. */
  readonly platformIsShared: boolean;
  readonly required: boolean;
  /** JSON kind of the value, which decides how text is read. */
  readonly kind: "number" | "boolean" | "array" | "text";
  /** The built-in default; undefined where there is none. */
  readonly fallback: unknown;
  /** Defaults that differ by profile. */
  readonly profiles: Partial<Record<Profile, unknown>>;
  /** How a valid value may be shown. Secrets come out redacted. */
  readonly show: (value: unknown) => string;
}

/** All keys in the order of the schema. */
export const keys: readonly Key[] = sectionNames.flatMap((section) =>
  keysOf(section, section, sections[section].schema),
);

export const keysByName: ReadonlyMap<string, Key> = new Map(keys.map((key) => [key.name, key]));

/** Names of everything that holds keys: the sections and what is nested in them. */
export const groupNames: ReadonlySet<string> = new Set(
  keys.flatMap(({ name }) => {
    const parts = name.split(".");
    return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("."));
  }),
);

/** The value of a key in a tree of sections; undefined where any part of the way is missing. */
export function valueAt(tree: unknown, name: string): unknown {
  return name.split(".").reduce((at, part) => (at as Record<string, unknown> | undefined)?.[part], tree);
}

function keysOf(section: SectionName, prefix: string, group: z.ZodObject): Key[] {
  return Object.entries(group.shape as Record<string, z.ZodType>).flatMap(([part, schema]) => {
    const name = `${prefix}.${part}`;
    return schema instanceof z.ZodObject ? keysOf(section, name, schema) : [describeKey(section, name, schema)];
  });
}

function describeKey(section: SectionName, name: string, schema: z.ZodType): Key {
  const notes = keyNotes.get(schema);
  const inner = withoutWrappers(schema);
  const form = valueForms.get(inner);
  if (notes === undefined || form === undefined) throw new Error(`${name} has no notes or no form in the schema`);
  const type = inner.def.type;
  const show = (notes.show ?? (notes.secret ? hide : form.format) ?? showPlain) as (value: unknown) => string;
  return {
    name,
    section,
    env: envName(name),
    schema,
    description: notes.description,
    expected: form.expected,
    hint: form.hint,
    secret: notes.secret === true,
    platformName: notes.platformName,
    platformIsShared: notes.platformIsShared === true,
    required: !schema.safeParse(undefined).success,
    kind: type === "number" || type === "boolean" || type === "array" ? type : "text",
    fallback: schema.safeParse(undefined).data,
    profiles: notes.profiles ?? {},
    show: (value) => (value === undefined ? "" : show(value)),
  };
}

function withoutWrappers(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional
    ? withoutWrappers(schema.unwrap() as z.ZodType)
    : schema;
}

function hide(): string {
  return redacted;
}

function showPlain(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}
