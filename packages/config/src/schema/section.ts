import { z } from "zod";

import type { Profile } from "./profile.ts";

/** What a key says of itself besides its type: the documentation, and how it is treated. */
export const keyNotes = z.registry<{
  readonly description: string;
  /** Defaults that differ by profile. */
  readonly profiles?: Partial<Record<Profile, z.$output>>;
  /** Never shown, and may be read from a file named by `NAME_FILE`. */
  readonly secret?: true;
  /** How secret text may be shown after all, such as a URL without its password. */
  readonly show?: (value: string) => string;
  /** The name by which hosting platforms give this value. */
  readonly platformName?: string;
  /** That name is set for other programs too, for which it may hold what this key can't be: then it is passed over with a warning. */
  readonly platformIsShared?: true;
}>();

export interface RuleContext {
  readonly profile: Profile;
  /** What relative paths are relative to. */
  readonly cwd: string;
}

/** Something that must hold between keys of a section, or in one profile. */
export interface Rule<Values> {
  /** Keys below the section that it reads; the first is the one that a breach is reported on. */
  readonly keys: readonly string[];
  /** What the first key must be; the reference shows it, and so does a breach. */
  readonly expected: string;
  /** Where given, the rule holds in this profile only. */
  readonly profile?: Profile;
  holds(values: Values, context: RuleContext): boolean;
}

/** One section of the configuration: a strict object of documented keys and the rules between them. */
export interface Section<Schema extends z.ZodObject = z.ZodObject> {
  readonly description: string;
  readonly schema: Schema;
  readonly rules: readonly Rule<z.output<Schema>>[];
}

/** Ties a section's rules to the types of its schema. */
export function defineSection<Schema extends z.ZodObject>(section: Section<Schema>): Section<Schema> {
  return section;
}
