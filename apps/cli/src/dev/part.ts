/** Something that is there until it is stopped. */
export interface Part {
  /** As a sentence begins with it. */
  readonly name: string;
  /** Settles only if it ends by itself, with a sentence that says so. */
  readonly ended?: Promise<string>;
  /** Lets what is under way end for `graceMs` at most. */
  stop(graceMs: number): Promise<void>;
}
