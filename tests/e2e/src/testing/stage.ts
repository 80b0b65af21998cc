import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { TestContext } from "vitest";

import { type CloneOptions, type TestDatabase, testDatabase } from "@millrace/storage/testing";

import type { HistoryEvent } from "../history/event.ts";
import { openHistory, readHistory } from "../history/history-file.ts";
import { patient } from "../processes/patient.ts";
import type { ProcessHost, RunningProcess } from "../processes/start-process.ts";

interface Closable {
  close(): Promise<void>;
}

/** What one test has started; all of it is gone when the test is over, however it ended. */
export interface Stage extends ProcessHost {
  readonly history: {
    append(event: HistoryEvent): void;
    read(): readonly HistoryEvent[];
  };
  database(options?: CloneOptions): Promise<TestDatabase>;
  /** Closes the thing at the end of the test, after all processes and what was handed over later. */
  own<Thing extends Closable>(thing: Thing): Thing;
}

/** Opens the stage of a test. What its processes have written is shown only if the test fails. */
export async function openStage({ onTestFinished, onTestFailed }: TestContext): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-e2e-"));
  const historyFolder = join(folder, "history");
  await mkdir(historyFolder);
  const processes: RunningProcess[] = [];
  const things: Closable[] = [];

  onTestFinished(async () => {
    for (const started of processes) started.signal("SIGKILL");
    await Promise.all(processes.map(({ exited }) => exited));
    for (const thing of things.toReversed()) await thing.close();
    await rm(folder, { recursive: true, force: true });
  });
  onTestFailed(() => {
    for (const { name, output } of processes) process.stderr.write(`\n--- ${name}\n${output()}\n`);
  });

  return {
    folder,
    historyFolder,
    history: { append: openHistory(historyFolder, "test"), read: () => readHistory(historyFolder) },
    async database(options) {
      const database = await testDatabase({ ...options, database: patient });
      things.push(database);
      return database;
    },
    keep(started) {
      processes.push(started);
      return started;
    },
    own(thing) {
      things.push(thing);
      return thing;
    },
  };
}
