import type { BenchPostgres } from "../with-postgres.ts";
import type { Options } from "./options.ts";
import type { Values } from "./values.ts";

/** One contender in one measure. */
export interface Entry {
  /** The name of a contender, or of what else is measured. */
  readonly name: string;
  readonly title: string;
  /** Its settings, in words. */
  readonly settings: string;
  run(): Promise<Values>;
}

/** One thing that is measured, of several contenders. */
export interface Measure {
  readonly name: string;
  entries(postgres: BenchPostgres, options: Options): readonly Entry[];
}
