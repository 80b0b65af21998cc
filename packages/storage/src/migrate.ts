export * from "./migrate/index.ts";
