import { configExitCode } from "@millrace/config";

/** How the program ends; `millrace migrate` has codes of its own besides. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, config: configExitCode } as const;
