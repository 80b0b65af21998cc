import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What a process does when it is asked: functions of JSON that answer JSON. */
export type Verbs = Readonly<Record<string, (...given: never[]) => unknown>>;

/** A process of its own whose verbs can be called from here. */
export interface Remote<Own extends Verbs> {
  readonly pid: number;
  /** @throws Error with the other side's message */
  call<Verb extends keyof Own & string>(
    verb: Verb,
    ...given: Parameters<Own[Verb]>
  ): Promise<Awaited<ReturnType<Own[Verb]>>>;
  /** Ends the process. */
  end(): Promise<void>;
}

interface Call {
  readonly id: number;
  readonly verb: string;
  readonly given: readonly unknown[];
}

type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

const flags = ["--conditions=@millrace/source", "--disable-warning=ExperimentalWarning"];

const children = new Set<ChildProcess>();

/** Kills every process that was started here and runs; what was asked of them rejects. */
export function killRemotes(): void {
  for (const child of children) child.kill("SIGKILL");
}

/** Starts a program of this package, which `serve`s its verbs, with nothing of this process's environment but the path. */
export function startRemote<Own extends Verbs>(program: string): Remote<Own> {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), {
    execArgv: flags,
    env: { PATH: process.env["PATH"], NODE_ENV: "production" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let next = 0;
  child.on("message", (message: Answer) => {
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if ("error" in message) asked?.reject(new Error(message.error));
    else asked?.resolve(message.value);
  });
  children.add(child);
  child.once("exit", (code, signal) => {
    children.delete(child);
    for (const asked of waiting.values()) asked.reject(new Error(`${program} has ended (${code ?? signal})`));
  });
  return {
    pid: child.pid ?? 0,
    async call(verb, ...given) {
      const asked = Promise.withResolvers<unknown>();
      const id = next++;
      if (!child.connected) throw new Error(`${program} has ended`);
      waiting.set(id, asked);
      child.send({ id, verb, given } satisfies Call);
      // The verbs of the other side are `Own`, so its answer is what the type says.
      return (await asked.promise) as never;
    },
    end: () => end(child),
  };
}

/** Answers the calls of the process that started this one, and ends with it. */
export function serve(verbs: Verbs): void {
  process.once("disconnect", () => process.exit(0));
  process.on("message", (call: Call) => void answer(verbs, call));
}

async function answer(verbs: Verbs, { id, verb, given }: Call): Promise<void> {
  try {
    const called = verbs[verb] as ((...all: readonly unknown[]) => unknown) | undefined;
    if (called === undefined) throw new Error(`There is no verb ${verb}`);
    process.send?.({ id, value: await called(...given) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  if (child.connected) child.disconnect();
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(late);
}
