import type { DevFlags } from "../dev/flags.ts";
import type { Part } from "../dev/part.ts";
import { startDev } from "../dev/start-dev.ts";
import { exitCodes } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { Refusal } from "../refusal.ts";

/** Runs everything until it is asked to stop, or until one part ends by itself. @throws Refusal, ConfigError, MillraceError */
export async function runDev(io: CliIo, flags: DevFlags): Promise<number> {
  const running: Part[] = [];
  try {
    const text = await startDev(io, flags, (part) => void running.push(part));
    if (text !== undefined) {
      io.stdout.write(text);
      const end = await Promise.race([aborted(io.signal), ...running.flatMap(({ ended }) => ended ?? [])]);
      if (end !== undefined) throw new Refusal(`${end} Everything else is stopped.`);
    }
    if (running.length > 0) io.stdout.write("Stopping; Ctrl-C again exits at once.\n");
  } finally {
    await stopAll(io, running);
  }
  return exitCodes.ok;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  if (signal.aborted) resolve(undefined);
  else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  return promise;
}

/** Stops what was started, the last one first; what fails to stop must not keep the rest running. */
async function stopAll({ stderr }: CliIo, running: readonly Part[]): Promise<void> {
  for (const part of running.toReversed()) {
    await part.stop().catch((error: unknown) => {
      stderr.write(`millrace: ${part.name} did not stop in order: ${error instanceof Error ? error.message : String(error)}\n`);
    });
  }
}
