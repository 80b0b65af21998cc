export type { Environment } from "./environment.ts";
export { jsonSchema } from "./json-schema.ts";
export type { LayerName, Source } from "./layer.ts";
export { type GivenValue, type LoadOptions, type LoadedConfig, loadConfig } from "./load.ts";
export { printConfig } from "./print.ts";
export { ConfigError, type Problem, configExitCode, formatProblems } from "./problems.ts";
export { referenceMarkdown } from "./reference.ts";
export type { Profile } from "./schema/profile.ts";
export { type Config, type SectionName, sectionNames } from "./schema/sections.ts";
