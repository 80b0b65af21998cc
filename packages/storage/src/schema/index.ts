export * from "./api-keys.ts";
export * from "./claims.ts";
export * from "./finished-counts.ts";
export * from "./job-history.ts";
export * from "./jobs.ts";
export * from "./namespace.ts";
export * from "./registers.ts";
export * from "./waiting.ts";
