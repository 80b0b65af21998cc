import { readFileSync } from "node:fs";

/** Nothing but Linux tells the CPU time of other processes in a file. */
export const canReadCpu = process.platform === "linux";

/** The kernel's ticks are a hundredth of a second wherever Node runs. */
const tickMicros = 10_000;

/** CPU time of the server's processes that run now, in microseconds. Between two readings none may end. */
export function serverCpuMicros(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return [String(pid), ...children].map(processCpuMicros).reduce((sum, micros) => sum + micros);
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

function processCpuMicros(pid: string): number {
  const [nanos = "0"] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
  return Number(nanos) / 1_000;
}
