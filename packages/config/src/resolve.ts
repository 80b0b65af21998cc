import { fileEnvName } from "./env-names.ts";
import { unreadable } from "./environment.ts";
import type { Key } from "./keys.ts";
import type { Candidate, Layer, Source } from "./layer.ts";
import type { Problem } from "./problems.ts";
import { redacted, showValue } from "./redact.ts";
import type { Profile } from "./schema/profile.ts";

export interface Resolved {
  readonly value: unknown;
  readonly source: Source;
}

export interface ResolveContext {
  readonly profile: Profile;
  /** Lowest precedence first. */
  readonly layers: readonly Layer[];
  /** Whether the app asked for the key's section: only then must a required key have a value. */
  readonly asked: boolean;
  /** Whether every layer could be read: else a key isn't called missing. */
  readonly complete: boolean;
  readonly problems: Problem[];
  readonly warnings: string[];
}

/**
 * The value of one key: the highest layer's, or the profile's or built-in default. Every value that is given is validated, also
 * one that a higher layer hides. Undefined where there is no valid value; why is in `problems`.
 */
export function resolveKey(key: Key, context: ResolveContext): Resolved | undefined {
  const { profile, problems } = context;
  const given = context.layers.flatMap((layer) => layer.get(key.name) ?? []);
  const candidates = given.filter((candidate) => !isForOthers(key, candidate));
  if (context.asked) context.warnings.push(...given.filter((each) => !candidates.includes(each)).map(passedOver(key)));
  const effective = candidates.at(-1);
  const results = candidates
    .filter((candidate) => !candidate.platform || (candidate === effective && context.asked))
    .map((candidate) => validate(key, candidate, problems));
  if (effective?.developmentOnly === true && profile === "prod") problems.push(unfit(key, effective));
  if (effective !== undefined && (!effective.platform || context.asked)) return results.at(-1);
  if (key.required) {
    if (context.asked && context.complete) problems.push(missing(key));
    return undefined;
  }
  return Object.hasOwn(key.profiles, profile)
    ? { value: key.profiles[profile], source: { layer: "profile", label: `profile ${profile}` } }
    : { value: key.fallback, source: { layer: "default", label: "default" } };
}

/** A value that a platform sets for all its programs, and that this key can't be. */
function isForOthers(key: Key, { platform, value }: Candidate): boolean {
  return platform === true && key.platformIsShared && !key.schema.safeParse(value).success;
}

/** Without the value, which may be a secret. */
function passedOver(key: Key): (candidate: Candidate) => string {
  return ({ source }) => `${source.label} is passed over: ${key.name} must be ${key.expected}`;
}

function validate(key: Key, candidate: Candidate, problems: Problem[]): Resolved | undefined {
  if (candidate.value === unreadable) return undefined;
  const parsed = key.schema.safeParse(candidate.value);
  if (parsed.success) return { value: parsed.data, source: candidate.source };
  const entry = parsed.error.issues.map((issue) => issue.path[0]).find((part) => typeof part === "number");
  problems.push({
    name: key.name,
    source: candidate.source.label,
    got: showRefused(key, candidate.value, entry),
    expected: key.expected,
    ...(key.hint === undefined ? {} : { hint: key.hint }),
  });
  return undefined;
}

function showRefused(key: Key, value: unknown, entry: number | undefined): string {
  const refused = Array.isArray(value) && entry !== undefined ? (value as unknown[])[entry] : value;
  const shown = key.secret ? redacted : showValue(refused);
  return entry === undefined ? shown : `${shown} as entry ${entry + 1}`;
}

function unfit(key: Key, candidate: Candidate): Problem {
  return {
    name: key.name,
    source: candidate.source.label,
    expected: "a value that is fit for production",
    hint: "this one is for development only",
  };
}

function missing(key: Key): Problem {
  const variables = [key.env, ...(key.secret ? [fileEnvName(key.env)] : []), key.platformName ?? []].flat();
  return {
    name: key.name,
    source: "not set",
    expected: key.expected,
    hint: `set ${variables.join(" or ")}, or ${key.name} in the configuration file`,
  };
}
