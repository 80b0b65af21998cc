import { availableParallelism } from "node:os";

import { canReadCpu, machineCpuMicros, ownCpuMicros, serverCpuMicros } from "./cpu-time.ts";
import type { Server } from "./server.ts";

/** What a stretch of work cost for each of its operations. The CPU times are there on Linux only. */
export interface Cost {
  readonly perSecond: number;
  readonly walBytes: number;
  readonly serverMicros?: number;
  readonly nodeMicros?: number;
  readonly cpuMicros?: number;
  /** How much of the machine others used meanwhile, 0 to 1. */
  readonly otherShare?: number;
}

interface Reading {
  readonly atMs: number;
  readonly walBytes: number;
  readonly serverMicros: number;
  readonly nodeMicros: number;
  readonly machineMicros: number;
}

/** Runs `work`, which does `operations` of them, and says what each cost. */
export async function measure(server: Server, operations: number, work: () => Promise<void>): Promise<Cost> {
  const before = await read(server);
  await work();
  const after = await read(server);
  const spent = (name: keyof Reading): number => after[name] - before[name];
  const seconds = spent("atMs") / 1_000;
  const cost = { perSecond: operations / seconds, walBytes: spent("walBytes") / operations };
  if (!canReadCpu) return cost;
  const cpuMicros = spent("serverMicros") + spent("nodeMicros");
  return {
    ...cost,
    serverMicros: spent("serverMicros") / operations,
    nodeMicros: spent("nodeMicros") / operations,
    cpuMicros: cpuMicros / operations,
    otherShare: Math.max(0, spent("machineMicros") - cpuMicros) / (seconds * 1e6 * availableParallelism()),
  };
}

async function read({ admin, pid }: Server): Promise<Reading> {
  const [row] = await admin.query<{ walBytes: number }>({
    name: "wal position",
    text: `select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint as "walBytes"`,
  });
  return {
    atMs: performance.now(),
    walBytes: row?.walBytes ?? Number.NaN,
    serverMicros: canReadCpu ? serverCpuMicros(pid) : 0,
    nodeMicros: ownCpuMicros(),
    machineMicros: canReadCpu ? machineCpuMicros() : 0,
  };
}
