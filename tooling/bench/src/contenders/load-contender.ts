import type { Contender } from "./contender.ts";

/** Loads one contender and nothing of the others, so that no process carries what it doesn't measure. @throws RangeError for a name that is none */
export async function loadContender(name: string): Promise<Contender> {
  const all = await load(name);
  const found = all.find((contender) => contender.name === name);
  if (found === undefined) throw new RangeError(`There is no contender ${name}`);
  return found;
}

async function load(name: string): Promise<readonly Contender[]> {
  if (name.startsWith("millrace")) return Object.values(await import("./millrace.ts"));
  if (name.startsWith("graphile-worker")) return Object.values(await import("./graphile-worker.ts"));
  if (name.startsWith("bullmq")) return Object.values(await import("./bullmq.ts"));
  return Object.values(await import("./pg-boss.ts"));
}
