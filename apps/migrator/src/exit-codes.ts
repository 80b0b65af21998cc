import type { Status, Verification } from "@millrace/storage/migrate";
import { migrationExitCodes } from "@millrace/storage/migrate";

/** How the program ends when nothing was thrown; refusals have the codes of `migrationExitCodes`. */
export const exitCodes = { ok: 0, other: 1, pending: 2 } as const;

/** What `status --check` answers. */
export function exitCodeOfStatus({ problems, unfinished, pending }: Status): number {
  const [problem] = problems;
  if (problem !== undefined) return migrationExitCodes[problem.reason];
  if (unfinished.length > 0) return migrationExitCodes.unfinished;
  return pending.length > 0 ? exitCodes.pending : exitCodes.ok;
}

/** What `verify` answers; migrations that are only pending are no fault. */
export function exitCodeOfVerification({ problems }: Verification): number {
  const [problem] = problems;
  return problem === undefined ? exitCodes.ok : migrationExitCodes[problem.reason];
}
