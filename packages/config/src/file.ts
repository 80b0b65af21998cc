import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";

import { fileVariable } from "./env-names.ts";
import { type Environment, given } from "./environment.ts";
import { groupNames, keys, keysByName } from "./keys.ts";
import type { Candidate, Layer } from "./layer.ts";
import type { Problem } from "./problems.ts";
import { showValue } from "./redact.ts";
import { didYouMean, suggest } from "./suggest.ts";
import { type Position, type YamlEntry, parseYaml } from "./yaml.ts";

const fileNameDefault = "millrace.yaml";
const bytesMax = 1024 ** 2;

export interface FileLayer {
  readonly values: Layer;
  /** False where there is a file that could not be read: what it holds is then unknown. */
  readonly complete: boolean;
}

const nothing: FileLayer = { values: new Map(), complete: true };
const unknown: FileLayer = { values: new Map(), complete: false };

/** The values of the configuration file: the one that `MILLRACE_CONFIG` names, else `millrace.yaml` where there is one. */
export function readConfigFile(env: Environment, cwd: string, problems: Problem[], warnings: string[]): FileLayer {
  const named = given(env, fileVariable);
  const name = named ?? fileNameDefault;
  const read = readText(resolve(cwd, name));
  if ("text" in read) return readEntries(name, read.text, problems);
  if (read.missing && named === undefined) {
    if (statSync(resolve(cwd, "millrace.yml"), { throwIfNoEntry: false }) !== undefined) {
      warnings.push("millrace.yml is not read; the configuration file is called millrace.yaml");
    }
    return nothing;
  }
  problems.push({
    name,
    source: named === undefined ? "working directory" : fileVariable,
    expected: "a readable YAML file of up to 1MiB",
    hint: `the file ${read.refusal}`,
  });
  return unknown;
}

function readText(path: string): { text: string } | { refusal: string; missing: boolean } {
  try {
    if (statSync(path).size > bytesMax) return { refusal: "is larger than 1MiB", missing: false };
    return { text: readFileSync(path, "utf8") };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { refusal: `cannot be read (${code})`, missing: code === "ENOENT" };
  }
}

function readEntries(file: string, text: string, problems: Problem[]): FileLayer {
  const at = ({ line, column }: Position) => `${file}:${line}:${column}`;
  const values = new Map<string, Candidate>();

  const walk = (entries: readonly YamlEntry[], prefix: string): void => {
    for (const entry of entries) {
      const name = prefix + entry.key;
      if (keysByName.has(name)) readValue(name, entry);
      else if (groupNames.has(name)) readGroup(name, entry);
      else
        problems.push({
          name,
          source: at(entry.at),
          expected: "a key that exists",
          ...didYouMean(suggestKey(prefix, entry.key)),
        });
    }
  };
  const readGroup = (name: string, entry: YamlEntry): void => {
    const entries = entry.entries();
    if (entries !== undefined) walk(entries, `${name}.`);
    // A section whose lines are all commented out.
    else if (plainValue(entry) !== null) {
      problems.push({ name, source: at(entry.valueAt), expected: "a mapping of keys" });
    }
  };
  const readValue = (name: string, entry: YamlEntry): void => {
    const source = { layer: "file", label: at(entry.valueAt) } as const;
    const value = plainValue(entry);
    if (value === null) {
      problems.push({
        name,
        source: at(entry.at),
        got: showValue(null),
        expected: "a value",
        hint: "give it one, or remove the line",
      });
    } else values.set(name, { value, source });
  };

  const { faults, entries } = parseYaml(text);
  for (const { expected, ...position } of faults) problems.push({ name: file, source: at(position), expected });
  if (entries === undefined) return unknown;
  walk(entries, "");
  return { values, complete: true };
}

/** A value whose aliases can't be followed becomes one that no schema accepts. */
function plainValue(entry: YamlEntry): unknown {
  try {
    return entry.value();
  } catch {
    return { aliases: "cannot be followed" };
  }
}

function suggestKey(prefix: string, part: string): string | undefined {
  const names = [...groupNames, ...keysByName.keys()];
  const siblings = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((name) => !name.includes("."));
  const sibling = suggest(part, siblings);
  if (sibling !== undefined) return prefix + sibling;
  return keys.find((key) => key.name.endsWith(`.${part}`))?.name ?? suggest(prefix + part, names);
}
