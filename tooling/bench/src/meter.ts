import { availableParallelism } from "node:os";

import { canReadCpu, machineCpuMicros, ownCpuMicros, treeCpuMicros } from "./cpu-time.ts";

/** The processes of a measurement, by their ids. */
export interface Processes {
  /** The main process of the store, or of the stores. */
  readonly server: readonly number[];
  readonly clients: readonly number[];
  /** What makes the load and is no part of what is measured, nor of what others do. */
  readonly generators?: readonly number[];
}

/** What a stretch of work cost. The CPU times are there on Linux only. */
export interface Cost {
  readonly seconds: number;
  readonly serverMicros?: number;
  readonly clientMicros?: number;
  /** How much of the machine others used meanwhile, 0 to 1. */
  readonly otherShare?: number;
}

interface Reading {
  readonly atMs: number;
  readonly serverMicros: number;
  readonly clientMicros: number;
  readonly generatorMicros: number;
  readonly machineMicros: number;
}

/** Reads the clocks; the function that it answers reads them again, as often as wanted, and says what it cost since. */
export function startMeter(processes: Processes): () => Cost {
  const before = read(processes);
  return () => {
    const after = read(processes);
    const since = (name: keyof Reading) => after[name] - before[name];
    const seconds = since("atMs") / 1_000;
    if (!canReadCpu) return { seconds };
    const serverMicros = since("serverMicros");
    const clientMicros = since("clientMicros");
    const otherMicros = since("machineMicros") - serverMicros - clientMicros - since("generatorMicros");
    const otherShare = Math.max(0, otherMicros) / (seconds * 1e6 * availableParallelism());
    return { seconds, serverMicros, clientMicros, otherShare };
  };
}

function read({ server, clients, generators = [] }: Processes): Reading {
  const micros = (pids: readonly number[]) => (canReadCpu ? pids.reduce((sum, pid) => sum + treeCpuMicros(pid), 0) : 0);
  return {
    atMs: performance.now(),
    serverMicros: micros(server),
    clientMicros: micros(clients),
    generatorMicros: ownCpuMicros() + micros(generators),
    machineMicros: canReadCpu ? machineCpuMicros() : 0,
  };
}
