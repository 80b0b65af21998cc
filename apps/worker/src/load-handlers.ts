import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { ConfigError, type Problem } from "@millrace/config";
import { isJobDefinition, type JobDefinition } from "@millrace/core";

export interface LoadHandlersOptions {
  /** What paths are relative to, and from where packages are looked up. */
  readonly cwd: string;
  /** Where the list of modules was configured, for messages. */
  readonly source: string;
  /** Types that have a handler already. */
  readonly taken: readonly string[];
}

interface Loaded {
  readonly module: string;
  readonly definition: JobDefinition;
}

/**
 * Imports the modules of `worker.handlers` and gathers what `defineJob` made in them: each export that is a definition or a list of
 * some. A module that exists as a file is one, anything else is a package. @throws ConfigError with the problems of all modules at once
 */
export async function loadHandlers(
  modules: readonly string[],
  options: LoadHandlersOptions,
): Promise<readonly JobDefinition[]> {
  const problems: Problem[] = [];
  const loaded: Loaded[] = [];
  const complain = (got: string, expected: string, hint?: string) => {
    problems.push({
      name: "worker.handlers",
      source: options.source,
      got,
      expected,
      ...(hint === undefined ? {} : { hint }),
    });
  };
  for (const module of new Set(modules)) {
    try {
      const found = definitionsOf(await importFrom(module, options.cwd));
      if (found.length === 0) complain(module, "a module that exports what defineJob returns");
      loaded.push(...found.map((definition) => ({ module, definition })));
    } catch (error) {
      complain(module, "a module that can be imported", sentenceOf(error));
    }
  }
  const owners = new Map(options.taken.map((type) => [type, "built in"]));
  for (const { module, definition } of loaded) {
    const owner = owners.get(definition.type);
    if (owner === undefined) owners.set(definition.type, module);
    else complain(module, `one handler a type; ${definition.type} has two`, `the other is ${owner}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return loaded.map(({ definition }) => definition);
}

async function importFrom(module: string, cwd: string): Promise<object> {
  const file = resolve(cwd, module);
  if (module.startsWith("file:")) return (await import(module)) as object;
  if (/^\.{0,2}\//.test(module) || existsSync(file)) return (await import(pathToFileURL(file).href)) as object;
  // A package is one of the user's, installed where the worker was started, not where this program is.
  const parentURL = pathToFileURL(resolve(cwd, "package.json")).href;
  const hooks = registerHooks({
    resolve: (specifier, context, next) => next(specifier, specifier === module ? { ...context, parentURL } : context),
  });
  try {
    return (await import(module)) as object;
  } finally {
    hooks.deregister();
  }
}

/** The definitions among a module's exports; one that is exported under two names counts once. */
function definitionsOf(exports: object): readonly JobDefinition[] {
  const exported = Object.values(exports).flatMap((value: unknown): readonly unknown[] =>
    Array.isArray(value) ? value : [value],
  );
  return [...new Set(exported.filter(isJobDefinition))];
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
