/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The command whose help to read. */
  readonly command: string;

  constructor(message: string, command: string) {
    super(message);
    this.command = command;
  }
}
