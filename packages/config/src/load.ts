import { profileVariable } from "./env-names.ts";
import { type Environment, given, readEnvironment, readProfile } from "./environment.ts";
import { readConfigFile } from "./file.ts";
import { keys, keysByName } from "./keys.ts";
import type { Layer, LayerName, Source } from "./layer.ts";
import { ConfigError, type Problem } from "./problems.ts";
import { type Resolved, resolveKey } from "./resolve.ts";
import { checkRules } from "./rules.ts";
import type { Profile } from "./schema/profile.ts";
import type { Config, SectionName } from "./schema/sections.ts";
import { didYouMean, suggest } from "./suggest.ts";
import { fromText } from "./text-values.ts";
import { toTree } from "./tree.ts";

/** A value given by a program: a flag, or what `millrace dev` arranges. */
export interface GivenValue {
  /** Text is read as in the environment; undefined counts as not given. */
  readonly value: unknown;
  /** What to call it in messages: `--port`, `the embedded database`. */
  readonly source: string;
  /** Refused in the `prod` profile, whatever the value. */
  readonly developmentOnly?: boolean;
}

export interface LoadOptions<Name extends SectionName> {
  /** The sections that the app uses. All that is configured is validated; only these must be complete. */
  readonly sections: readonly Name[];
  /** Default: the process's own. */
  readonly env?: Environment;
  /** Where the configuration file is looked for, and what relative paths are relative to. Default: the process's own. */
  readonly cwd?: string;
  /** By dotted key; above everything else. */
  readonly overrides?: Readonly<Record<string, GivenValue>>;
  /** By dotted key; above the defaults and below the file and the environment. */
  readonly fallbacks?: Readonly<Record<string, GivenValue>>;
}

export interface LoadedConfig<Name extends SectionName = SectionName> {
  readonly config: Pick<Config, Name>;
  readonly profile: Profile;
  /** Where each value came from, by dotted key; one for every key of the sections asked for. */
  readonly sources: Readonly<Record<string, Source>>;
  /** What is allowed but probably not meant. */
  readonly warnings: readonly string[];
}

/**
 * Reads, merges and validates the configuration: default, profile, fallbacks, file, environment, overrides, lowest first.
 * Throws a `ConfigError` with every problem at once; nothing is read again later.
 */
export function loadConfig<const Name extends SectionName>(options: LoadOptions<Name>): LoadedConfig<Name> {
  const { env = process.env, cwd = process.cwd() } = options;
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const profile = readProfile(env, problems);
  if (given(env, profileVariable) === undefined && env["NODE_ENV"] === "production") {
    warnings.push(`NODE_ENV is production, but ${profileVariable} is not set: the profile is dev`);
  }
  const file = readConfigFile(env, cwd, problems, warnings);
  const layers = [
    readGiven("fallback", options.fallbacks, problems),
    file.values,
    readEnvironment(env, cwd, problems),
    readGiven("override", options.overrides, problems),
  ];
  const asked = new Set<SectionName>(options.sections);
  const resolved = new Map<string, Resolved>();
  for (const key of keys) {
    const context = { profile, layers, asked: asked.has(key.section), complete: file.complete, problems, warnings };
    const result = resolveKey(key, context);
    if (result !== undefined && context.asked) resolved.set(key.name, result);
  }
  problems.push(...checkRules(options.sections, resolved, { profile, cwd }));
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    config: toConfig<Name>(resolved),
    profile,
    sources: Object.fromEntries([...resolved].map(([name, { source }]) => [name, source])),
    warnings,
  };
}

function readGiven(
  layer: Extract<LayerName, "fallback" | "override">,
  values: Readonly<Record<string, GivenValue>> | undefined,
  problems: Problem[],
): Layer {
  return new Map(
    Object.entries(values ?? {}).flatMap(([name, { value, source, ...rest }]) => {
      if (value === undefined) return [];
      const key = keysByName.get(name);
      if (key !== undefined) {
        const read = typeof value === "string" ? fromText(key.kind, value) : value;
        return [[name, { value: read, source: { layer, label: source }, ...rest }] as const];
      }
      const suggestion = suggest(name, [...keysByName.keys()]);
      problems.push({ name, source, expected: "a key that exists", ...didYouMean(suggestion) });
      return [];
    }),
  );
}

/** Every key of the sections asked for has been validated by its schema, which is what makes the type true. */
function toConfig<Name extends SectionName>(resolved: ReadonlyMap<string, Resolved>): Pick<Config, Name> {
  return freeze(toTree(resolved)) as Pick<Config, Name>;
}

function freeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}
