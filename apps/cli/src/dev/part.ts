/** Something that runs until it is stopped. */
export interface Part {
  /** Settles only if it ends by itself, with a sentence that says so. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}
