export * from "./errors.ts";
export * from "./ids.ts";
export * from "./jobs/job.ts";
export * from "./jobs/retry.ts";
export * from "./jobs/state.ts";
export * from "./problem.ts";
export * from "./scopes.ts";
