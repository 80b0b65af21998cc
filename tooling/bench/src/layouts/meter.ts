import { availableParallelism } from "node:os";

import { canReadCpu, machineCpuMicros, ownCpuMicros, treeCpuMicros } from "../cpu-time.ts";
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
  readonly cpu:
    | { readonly serverMicros: number; readonly nodeMicros: number; readonly machineMicros: number }
    | undefined;
}

/** Runs `work`, which does `operations` of them on connections that are open already, and says what each cost. */
export async function measure(server: Server, operations: number, work: () => Promise<void>): Promise<Cost> {
  const before = await read(server);
  await work();
  const after = await read(server);
  const seconds = (after.atMs - before.atMs) / 1_000;
  const cost = { perSecond: operations / seconds, walBytes: (after.walBytes - before.walBytes) / operations };
  if (before.cpu === undefined || after.cpu === undefined) return cost;
  const serverMicros = after.cpu.serverMicros - before.cpu.serverMicros;
  const nodeMicros = after.cpu.nodeMicros - before.cpu.nodeMicros;
  const otherMicros = after.cpu.machineMicros - before.cpu.machineMicros - serverMicros - nodeMicros;
  return {
    ...cost,
    serverMicros: serverMicros / operations,
    nodeMicros: nodeMicros / operations,
    cpuMicros: (serverMicros + nodeMicros) / operations,
    otherShare: Math.max(0, otherMicros) / (seconds * 1e6 * availableParallelism()),
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
    cpu: canReadCpu
      ? { serverMicros: treeCpuMicros(pid), nodeMicros: ownCpuMicros(), machineMicros: machineCpuMicros() }
      : undefined,
  };
}
