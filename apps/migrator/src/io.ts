/** What the program writes to and is stopped by. */
export interface MigratorIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Stops before the next migration. */
  readonly signal?: AbortSignal;
  /** How the program is called in its messages; default `millrace-migrator`. */
  readonly name?: string;
}
