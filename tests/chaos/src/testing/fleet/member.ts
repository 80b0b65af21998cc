import type { RunningProcess } from "@millrace/e2e/processes";

/** One process of a fleet, which may be killed and started again. */
export interface Member {
  readonly name: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Sends a signal to the process that runs now, if one does. */
  signal(signal: NodeJS.Signals): void;
  output(): string;
}

/** Makes a member of what `launch` starts; one call at a time takes effect. */
export function createMember(name: string, launch: () => Promise<RunningProcess>): Member {
  const outputs: (() => string)[] = [];
  let current: RunningProcess | undefined;
  let last: Promise<void> = Promise.resolve();
  const inTurn = (act: () => Promise<void>): Promise<void> => (last = last.then(act));
  return {
    name,
    start: () =>
      inTurn(async () => {
        if (current !== undefined && current.exit() === undefined) return;
        current = await launch();
        outputs.push(current.output);
      }),
    kill: () =>
      inTurn(async () => {
        // A stopped process is killed all the same.
        current?.signal("SIGKILL");
        await current?.exited;
      }),
    signal: (signal) => current?.signal(signal),
    output: () => outputs.map((output) => output()).join("\n--- started again\n"),
  };
}
