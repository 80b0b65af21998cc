import { readFileSync } from "node:fs";

/** Nothing but Linux tells the CPU time of other processes in a file. */
export const canReadCpu = process.platform === "linux";

/** CPU time of each process of a server, in microseconds, by process id. */
export type ServerCpu = ReadonlyMap<string, number>;

/** The kernel's ticks are a hundredth of a second wherever Node runs. */
const tickMicros = 10_000;

/** CPU time of the server's main process and its children. */
export function readServerCpu(pid: number): ServerCpu {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return new Map([String(pid), ...children].flatMap((process) => readProcessCpu(process)));
}

/** What the server used between two readings. A process that ended meanwhile was a session that somebody had left before: it doesn't count. */
export function serverCpuBetween(before: ServerCpu, after: ServerCpu): number {
  return [...after].reduce((sum, [pid, micros]) => sum + micros - (before.get(pid) ?? 0), 0);
}

/** CPU time of this process, in microseconds. */
export function ownCpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Time that all CPUs of the machine were busy, in microseconds. */
export function machineCpuMicros(): number {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) * tickMicros;
}

/** Nothing for a process that has just gone. */
function readProcessCpu(pid: string): readonly (readonly [string, number])[] {
  try {
    const [nanos = "0"] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
    return [[pid, Number(nanos) / 1_000]];
  } catch {
    return [];
  }
}
