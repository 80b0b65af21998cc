import { type GivenValue, type LoadedConfig, loadConfig } from "./load.ts";
import { ConfigError, type Problem } from "./problems.ts";
import { type SectionName, sectionNames } from "./schema/sections.ts";
import { folderWith } from "./testing-folder.ts";

/** A connection string that every profile accepts. */
export const databaseUrl = "postgres://app:J7f-kq2Zt@db.internal:5432/app";

interface Input {
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly sections?: readonly SectionName[];
  readonly overrides?: Readonly<Record<string, GivenValue>>;
  readonly fallbacks?: Readonly<Record<string, GivenValue>>;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** Loads from nothing but what the test gives; all sections, unless it names some. */
export function load({ yaml, env = {}, sections = sectionNames, files = {}, ...given }: Input): LoadedConfig {
  const cwd = folderWith(yaml === undefined ? files : { "millrace.yaml": yaml, ...files });
  return loadConfig({ sections, env, cwd, ...given });
}

/** As `load`, with a valid database, for tests that are about something else. */
export function loadWithDatabase(input: Input): LoadedConfig {
  return load({ ...input, fallbacks: { "database.url": { value: databaseUrl, source: "test" }, ...input.fallbacks } });
}

/** The problems of a load that must fail; none means that it didn't. */
export function problemsOf(run: () => unknown): readonly Problem[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
