/** One look at a contender under a fixed rate. */
export interface BloatSample {
  readonly kind: "sample";
  readonly name: string;
  readonly title: string;
  /** Since the jobs began to come. */
  readonly seconds: number;
  /** Jobs done a second since the last look. */
  readonly perSecond: number;
  /** Jobs stored and not done. */
  readonly backlog: number;
  /** Of all tables of the contender, as PostgreSQL counts them. */
  readonly deadTuples: number;
  /** The tables with most dead tuples, and how many those are. */
  readonly worst: Readonly<Record<string, number>>;
  readonly bytes: number;
  /** How much of the machine others used since the last look, 0 to 1; nothing where it can't be known. */
  readonly otherShare: number | null;
}

/** What a run was made on and with. */
export interface BloatRun {
  readonly kind: "run";
  readonly at: string;
  readonly command: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
}
