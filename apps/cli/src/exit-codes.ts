import { configExitCode } from "@millrace/config";

/** How the program ends; `millrace migrate` has codes of its own besides. 75 is `EX_TEMPFAIL` of sysexits: the same may work later. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  tryAgain: 75,
  config: configExitCode,
  interrupted: 130,
} as const;
