import type { ArgsDef } from "citty";

import { runAfterRestore } from "./commands/after-restore.ts";
import { runDown } from "./commands/down.ts";
import { runPlan } from "./commands/plan.ts";
import { runStatus } from "./commands/status.ts";
import { runUp } from "./commands/up.ts";
import { runVerify } from "./commands/verify.ts";
import type { MigratorContext } from "./context.ts";
import { readDuration, readVersion } from "./read-number.ts";

/** What the flags of any command are read to. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** A command: what it says about itself, and what its flags make of it. */
export interface MigratorCommand {
  readonly description: string;
  readonly args: ArgsDef;
  /** Reads the flags first, so that a wrong one is told before anything is connected. @throws UsageError */
  readonly prepare: (flags: Flags) => (context: MigratorContext) => Promise<number>;
}

const lockWait = {
  type: "string",
  default: "1m",
  valueHint: "time",
  description: "How long to wait for another migrator",
} as const;
const json = { type: "boolean", description: "Print JSON" } as const;

/** The commands by name. */
export const commands: Readonly<Record<string, MigratorCommand>> = {
  up: {
    description: "Apply the migrations that are pending",
    args: { to: version("The last one to apply"), "lock-wait": lockWait },
    prepare: (flags) => {
      const input = { to: optionalVersion(flags), lockWaitMs: readDuration(flags["lock-wait"]) };
      return (context) => runUp(context, input);
    },
  },
  down: {
    description: "Undo the migrations after a version",
    args: {
      to: { ...version("The version to go back to; 0 undoes everything"), required: true },
      "allow-data-loss": { type: "boolean", description: "Agree to lose what only they hold" },
      "lock-wait": lockWait,
    },
    prepare: (flags) => {
      const input = {
        to: readVersion(flags["to"]),
        allowDataLoss: flags["allow-data-loss"] === true,
        lockWaitMs: readDuration(flags["lock-wait"]),
      };
      return (context) => runDown(context, input);
    },
  },
  status: {
    description: "Show each migration and its state",
    args: {
      json,
      check: { type: "boolean", description: "Exit with 2 if any is pending, 3 or 5 if something is wrong" },
    },
    prepare: (flags) => (context) =>
      runStatus(context, { json: flags["json"] === true, check: flags["check"] === true }),
  },
  plan: {
    description: "Print the exact SQL that up would run",
    args: { to: version("The last one to show") },
    prepare: (flags) => {
      const input = { to: optionalVersion(flags) };
      return (context) => runPlan(context, input);
    },
  },
  verify: {
    description: "Compare the database with what its migrations made",
    args: { json },
    prepare: (flags) => (context) => runVerify(context, { json: flags["json"] === true }),
  },
  "after-restore": {
    description: "Prepare a database that was restored to an earlier point, before anything works on it",
    args: {},
    prepare: () => (context) => runAfterRestore(context),
  },
};

function version(description: string): { type: "string"; valueHint: string; description: string } {
  return { type: "string", valueHint: "version", description };
}

function optionalVersion(flags: Flags): number | undefined {
  return flags["to"] === undefined ? undefined : readVersion(flags["to"]);
}
