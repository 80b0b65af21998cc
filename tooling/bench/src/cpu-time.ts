import { readFileSync, readdirSync } from "node:fs";

/** Nothing but Linux tells the CPU time of other processes in a file. */
export const canReadCpu = process.platform === "linux";

/** The kernel's ticks are a hundredth of a second wherever Node runs. */
const tickMicros = 10_000;

/**
 * CPU time of a process and of all its descendants, in microseconds. Children that have ended count as well, once their parent knows of it,
 * so that the difference of two readings holds what a session used that came and went in between.
 */
export function treeCpuMicros(pid: number): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const own = tasks.reduce((sum, task) => sum + taskMicros(`/proc/${pid}/task/${task}`), 0);
    return tasks
      .flatMap((task) => childrenOf(`/proc/${pid}/task/${task}`))
      .reduce(
        (sum, child) => sum + treeCpuMicros(child),
        own + endedChildrenMicros(readFileSync(`/proc/${pid}/stat`, "utf8")),
      );
  } catch {
    // It has just gone; its parent has its time.
    return 0;
  }
}

/** CPU time of children that have ended, in microseconds, from the text of a process's `stat`. */
export function endedChildrenMicros(stat: string): number {
  // The name, in brackets, may hold anything. After it come the state and twelve numbers, then the children's two.
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(13, 15)
    .map(Number);
  return (user + system) * tickMicros;
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

function taskMicros(folder: string): number {
  const [nanos = "0"] = readFileSync(`${folder}/schedstat`, "utf8").split(" ");
  return Number(nanos) / 1_000;
}

function childrenOf(folder: string): readonly number[] {
  return readFileSync(`${folder}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}
