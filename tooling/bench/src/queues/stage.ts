import { connectDirectly } from "@millrace/storage";

import type { Contender, Plan } from "../contenders/contender.ts";
import type { ContenderVerbs } from "../contenders/main.ts";
import type { Processes } from "../meter.ts";
import { type Remote, startRemote } from "../remote.ts";
import type { BenchPostgres } from "../with-postgres.ts";
import { withRedis } from "../with-redis.ts";

/** A contender with an empty store, a process that stores jobs and one that does them. */
export interface Stage {
  readonly contender: Contender;
  readonly plan: Plan;
  readonly url: string;
  readonly producer: Remote<ContenderVerbs>;
  readonly consumer: Remote<ContenderVerbs>;
  readonly processes: Processes;
  openConsumer(): Promise<void>;
  /** Brings the store to where it would be after a while: what it holds is written out, and its planner knows the tables. */
  settle(): Promise<void>;
}

/** Runs `fn` with a contender in a store that is made for it and removed afterwards. */
export function withStage<Result>(
  postgres: BenchPostgres,
  contender: Contender,
  plan: Plan,
  fn: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  if (contender.store === "redis") {
    return withRedis(({ url, pid }) => withParts({ contender, plan, url, pid, settle: async () => {} }, fn));
  }
  return withDatabase(postgres, (url) =>
    withParts({ contender, plan, url, pid: postgres.pid, settle: () => settle(postgres, url) }, fn),
  );
}

let databases = 0;

/** Runs `fn` with the address of a new database, which is dropped afterwards. */
export async function withDatabase<Result>(
  { admin, url }: Pick<BenchPostgres, "admin" | "url">,
  fn: (url: string) => Promise<Result>,
): Promise<Result> {
  const name = `bench_${++databases}`;
  await admin.exec(`create database ${name}`);
  try {
    const address = new URL(url);
    address.pathname = `/${name}`;
    return await fn(address.href);
  } finally {
    await admin.exec(`drop database ${name} with (force)`);
  }
}

/** Stock autovacuum would come by once a minute; by chance in a short run, for one contender and not for another. */
async function settle({ admin }: BenchPostgres, url: string): Promise<void> {
  const connection = await connectDirectly({ url });
  try {
    await connection.exec("analyze");
  } finally {
    await connection.close();
  }
  await admin.exec("checkpoint");
}

interface Parts extends Pick<Stage, "contender" | "plan" | "url" | "settle"> {
  readonly pid: number;
}

async function withParts<Result>({ pid, ...parts }: Parts, fn: (stage: Stage) => Promise<Result>): Promise<Result> {
  const { contender, plan, url } = parts;
  const producer = startRemote<ContenderVerbs>("contenders/main.ts");
  const consumer = startRemote<ContenderVerbs>("contenders/main.ts");
  try {
    await producer.call("install", contender.name, url, plan);
    await producer.call("openProducer", contender.name, url, plan);
    const result = await fn({
      ...parts,
      producer,
      consumer,
      processes: { server: [pid], clients: [producer.pid, consumer.pid] },
      openConsumer: () => consumer.call("openConsumer", contender.name, url, plan),
    });
    await producer.call("closeProducer");
    return result;
  } finally {
    await Promise.all([producer.end(), consumer.end()]);
  }
}
