import type { Environment } from "@millrace/config";

/** Where a command writes: a stream of the process, or what a test reads. */
export interface Output {
  /** False asks to wait for `drain`. */
  write(chunk: string | Uint8Array): unknown;
  once?(event: "drain", listener: () => void): unknown;
  /** Whether a person looks at it. */
  readonly isTTY?: boolean;
}

/** Everything ambient that a command works with. */
export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Default: the process's own. */
  readonly env?: Environment | undefined;
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** Aborted by the first request to stop. */
  readonly signal: AbortSignal;
}
