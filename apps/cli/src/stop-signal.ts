/** A repeat within this time is the same request: Ctrl-C reaches the whole process group, and a package manager passes it on besides. */
const sameRequestMs = 500;

const exitCodeOf = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Aborted by Ctrl-C, SIGTERM, or the terminal's end. Whoever asks again, and means it, gets an exit at once. */
export function stopSignal(
  source: Pick<NodeJS.Process, "on" | "exit">,
  now: () => number = performance.now.bind(performance),
): AbortSignal {
  const stop = new AbortController();
  let askedAtMs: number | undefined;
  for (const [name, exitCode] of Object.entries(exitCodeOf)) {
    source.on(name as keyof typeof exitCodeOf, () => {
      askedAtMs ??= now();
      stop.abort();
      if (now() - askedAtMs > sameRequestMs) source.exit(exitCode);
    });
  }
  return stop.signal;
}
