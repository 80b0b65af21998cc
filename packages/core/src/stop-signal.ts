const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** A repeat within this time is the same request: Ctrl-C reaches the whole process group, and a package manager passes it on besides. */
const sameRequestMs = 500;

/** Calls back at the first SIGTERM or SIGINT; a later one ends the process at once. */
export function onStopSignal(stop: (signal: keyof typeof exitCodes) => void): void {
  let askedMs: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const isFirst = askedMs === undefined;
      askedMs ??= performance.now();
      if (isFirst) stop(signal);
      else if (performance.now() - askedMs > sameRequestMs) process.exit(exitCodes[signal]);
    });
  }
}
