import type { Environment } from "@millrace/config";

/** Everything ambient that a command works with. */
export interface CliIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Default: the process's own. */
  readonly env?: Environment | undefined;
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** Aborted by the first request to stop. */
  readonly signal: AbortSignal;
}
