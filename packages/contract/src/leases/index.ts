export * from "./claim.ts";
export * from "./items.ts";
export * from "./lease.ts";
export * from "./limits.ts";
export * from "./outcome.ts";
