import type { DevFlags } from "../dev/flags.ts";
import type { Part } from "../dev/part.ts";
import { startDev } from "../dev/start-dev.ts";
import { exitCodes } from "../exit-codes.ts";
import { describe } from "../explain.ts";
import type { CliIo } from "../io.ts";
import { Refusal } from "../refusal.ts";

/** Runs everything until it is asked to stop, or until one part ends by itself. @throws Refusal, ConfigError, MillraceError */
export async function runDev(io: CliIo, flags: DevFlags): Promise<number> {
  const running: Part[] = [];
  let graceMs = 0;
  try {
    const started = await startDev(io, flags, (part) => void running.push(part));
    if (started !== undefined) {
      io.stdout.write(started.text);
      const end = await Promise.race([aborted(io.signal), ...running.flatMap(({ ended }) => ended ?? [])]);
      if (end !== undefined) throw new Refusal(`${end} Everything else is stopped.`);
      graceMs = started.graceMs;
    }
    io.stdout.write("Stopping; Ctrl-C again exits at once.\n");
  } finally {
    await stopAll(io, running, graceMs);
  }
  return exitCodes.ok;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  if (signal.aborted) resolve(undefined);
  else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  return promise;
}

/** Stops what was started, the last one first and all within the time; what fails to stop must not keep the rest running. */
async function stopAll({ stderr }: CliIo, running: readonly Part[], graceMs: number): Promise<void> {
  const deadlineMs = performance.now() + graceMs;
  for (const part of running.toReversed()) {
    const leftMs = Math.max(0, Math.round(deadlineMs - performance.now()));
    await part.stop(leftMs).catch((error: unknown) => {
      stderr.write(`millrace: ${part.name} did not stop in good order: ${describe(error)}.\n`);
    });
  }
}
