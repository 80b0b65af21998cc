export type { CliIo } from "./io.ts";
export { runMillrace } from "./run-millrace.ts";
