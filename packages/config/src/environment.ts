import { resolve } from "node:path";

import { clientVariables, envPrefix, fileEnvName, fileVariable, isServiceLink, profileVariable } from "./env-names.ts";
import { type Key, keys } from "./keys.ts";
import type { Candidate, Layer } from "./layer.ts";
import type { Problem } from "./problems.ts";
import { redacted, showValue } from "./redact.ts";
import { type Profile, profiles } from "./schema/profile.ts";
import { readSecretFile } from "./secret-file.ts";
import { didYouMean, suggest } from "./suggest.ts";
import { fromText } from "./text-values.ts";

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const secretVariables = keys.filter((key) => key.secret).map((key) => fileEnvName(key.env));
const knownVariables: readonly string[] = [
  profileVariable,
  fileVariable,
  ...Object.values(clientVariables),
  ...keys.map((key) => key.env),
  ...secretVariables,
];
const knownVariableSet = new Set(knownVariables);

/** The profile that the environment names; `dev` where it names none, or none that exists. */
export function readProfile(env: Environment, problems: Problem[]): Profile {
  const text = given(env, profileVariable);
  if (text === undefined) return "dev";
  const profile = profiles.find((name) => name === text);
  if (profile !== undefined) return profile;
  problems.push({
    name: profileVariable,
    source: "environment",
    got: showValue(text),
    expected: `one of ${profiles.join(", ")}`,
    ...didYouMean(suggest(text, profiles)),
  });
  return "dev";
}

/** The values that the environment gives, files of secrets included; reports variables of ours that don't exist. */
export function readEnvironment(env: Environment, cwd: string, problems: Problem[]): Layer {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(envPrefix) || knownVariableSet.has(name)) continue;
    if (!isServiceLink(name, value)) problems.push(unknownVariable(name));
  }
  return new Map(
    keys.flatMap((key) => {
      const found = readKey(key, env, cwd, problems);
      return found === undefined ? [] : [[key.name, found] as const];
    }),
  );
}

/** A variable's text. An empty variable counts as unset: it is how compose files and charts say "nothing". */
export function given(env: Environment, name: string): string | undefined {
  const text = env[name];
  return text === undefined || text.trim() === "" || isServiceLink(name, text) ? undefined : text;
}

function readKey(key: Key, env: Environment, cwd: string, problems: Problem[]): Candidate | undefined {
  const text = given(env, key.env);
  const fileName = fileEnvName(key.env);
  const path = key.secret ? given(env, fileName) : undefined;
  if (text !== undefined && path !== undefined) {
    problems.push({ name: key.name, source: fileName, expected: `only one of ${key.env} and ${fileName}` });
  }
  if (text !== undefined) return toCandidate(key, text, key.env);
  if (path !== undefined) return readSecret(key, path, cwd, problems);
  const platformText = key.platformName === undefined ? undefined : given(env, key.platformName);
  if (key.platformName === undefined || platformText === undefined) return undefined;
  return { ...toCandidate(key, platformText, key.platformName), platform: true };
}

/** A file that can't be read still gives a candidate, so that the key isn't reported as missing as well. */
function readSecret(key: Key, path: string, cwd: string, problems: Problem[]): Candidate {
  const label = `${fileEnvName(key.env)}=${path}`;
  const read = readSecretFile(resolve(cwd, path));
  if ("text" in read) return toCandidate(key, read.text, label);
  problems.push({
    name: key.name,
    source: fileEnvName(key.env),
    // What isn't written like a path may be the secret itself, given under the wrong name.
    got: /^\.{0,2}\//.test(path) ? showValue(path) : redacted,
    expected: "a file with the secret's value, up to 64KiB of UTF-8 text",
    hint: `the file ${read.refusal}`,
  });
  return { value: unreadable, source: { layer: "environment", label } };
}

/** Stands for a value that exists but could not be read; its problem has been reported already. */
export const unreadable: unique symbol = Symbol("unreadable");

function toCandidate(key: Key, text: string, label: string): Candidate {
  return { value: fromText(key.kind, text), source: { layer: "environment", label } };
}

function unknownVariable(name: string): Problem {
  const stripped = name.slice(envPrefix.length);
  const close = suggest(
    stripped,
    knownVariables.map((known) => known.slice(envPrefix.length)),
  );
  const key = keys.find(({ env }) => fileEnvName(env) === name);
  return {
    name,
    source: "environment",
    expected: "a variable that exists",
    ...(key === undefined
      ? didYouMean(close === undefined ? undefined : envPrefix + close)
      : { hint: `only secrets are read from files; use ${key.env}` }),
  };
}
