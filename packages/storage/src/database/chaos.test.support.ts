import postgres from "postgres";

import { createDatabase } from "../database.ts";
import { isOutcomeUnknown } from "../pg-error.ts";
import { patient } from "../testing/patient.ts";

/** What the load believes about the rows that it tried to write, by transaction or statement. */
export interface Ledger {
  readonly committed: readonly (readonly string[])[];
  readonly failed: readonly (readonly string[])[];
  readonly unknown: readonly (readonly string[])[];
  /** Exceptions that nobody could catch: each would have ended the process. */
  readonly uncaught: readonly string[];
  /** Writers that were still waiting for an answer when all deadlines had long passed. */
  readonly hanging: number;
}

/** How the load writes: through the door, or with the plain driver for comparison. */
interface Writer {
  insert(id: string): Promise<unknown>;
  withTransaction(fn: (insert: (id: string) => Promise<unknown>) => Promise<void>): Promise<unknown>;
  isOutcomeUnknown(error: unknown): boolean;
  close(): Promise<void>;
}

export const applicationName = "chaos-load";
const text = "insert into chaos (id) values ($1)";
const writers = 8;
const poolMax = 6;
/** Of the plain driver some never answer; the door's deadlines are over by then. */
const patienceMs = { door: 90_000, driver: 8_000 };
/** So long a load goes on at most, which on a busy machine has not come to enough in its time. */
const longestMs = 100_000;
/** What the door must have come to for each second: else nothing was put to the test. */
export const least = { committed: 20, failed: 1 };

function doorWriter(url: string): Writer {
  const database = createDatabase({ ...patient, url, applicationName, poolMax });
  const statement = { name: "insert", text };
  return {
    insert: (id) => database.query(statement, [id]),
    withTransaction: (fn) => database.withTransaction((tx) => fn((id) => tx.query(statement, [id]))),
    isOutcomeUnknown,
    close: () => database.close(),
  };
}

function driverWriter(url: string): Writer {
  const sql = postgres(url, { max: poolMax, connection: { application_name: applicationName } });
  return {
    insert: (id) => sql.unsafe(text, [id]),
    withTransaction: (fn) => sql.begin((tx) => fn((id) => tx.unsafe(text, [id]))),
    // The driver can't say; only a statement or a COMMIT that was under way may have been done.
    isOutcomeUnknown: () => false,
    close: () => sql.end({ timeout: 1 }),
  };
}

/** Writes rows as fast as it can, alone and in transactions, until the time is over and it has come to enough, and keeps the books. */
async function run(kind: "door" | "driver", seconds: number, writer: Writer): Promise<Ledger> {
  const committed: string[][] = [];
  const failed: string[][] = [];
  const unknown: string[][] = [];
  const uncaught: string[] = [];
  process.on("uncaughtException", (error) => uncaught.push(String(error.stack)));
  const startMs = performance.now();
  const isEnough = (): boolean =>
    kind === "driver" || (committed.length > seconds * least.committed && failed.length > seconds * least.failed);
  const isOver = (): boolean => {
    const passedMs = performance.now() - startMs;
    return passedMs > longestMs || (passedMs > seconds * 1_000 && isEnough());
  };
  let next = 0;
  let hanging = 0;

  async function write(): Promise<void> {
    hanging++;
    while (!isOver()) {
      const first = next++;
      const ids = first % 2 === 0 ? [`${first}`] : [`${first}a`, `${first}b`, `${first}c`];
      try {
        await (ids.length === 1 ? writer.insert(ids[0]!) : writeSlowly(writer, ids));
        committed.push(ids);
      } catch (error) {
        (writer.isOutcomeUnknown(error) ? unknown : failed).push(ids);
      }
    }
    hanging--;
  }

  async function loseHope(): Promise<void> {
    while (!isOver()) await wait(100);
    await wait(patienceMs[kind]);
  }

  await Promise.race([Promise.all(Array.from({ length: writers }, write)), loseHope()]);
  await writer.close();
  return { committed, failed, unknown, uncaught, hanging };
}

/** A transaction whose function goes on after its connection is gone, as a caller's would. */
function writeSlowly(writer: Writer, ids: readonly string[]): Promise<unknown> {
  return writer.withTransaction(async (insert) => {
    for (const id of ids) {
      await insert(id).catch(async (error: unknown) => {
        await insert(`ghost of ${id}`).catch(() => {});
        throw error;
      });
      await wait(Math.random() * 8);
    }
  });
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const [url, seconds, kind] = process.argv.slice(2);
if (url !== undefined) {
  const ledger = await (kind === "driver"
    ? run("driver", Number(seconds), driverWriter(url))
    : run("door", Number(seconds), doorWriter(url)));
  process.stdout.write(JSON.stringify(ledger), () => process.exit(0));
}
