import { rm } from "node:fs/promises";

import type { FileWriter, TableBatch, WrittenBatch } from "./file-writer.ts";

/**
 * Writes a batch that has failed before: halves are tried apart until the event that fails is alone, and that one is poison. First a file that
 * can't fail is written: where even that fails, the disk or DuckDB is at fault, and no event. @throws what the writer throws
 */
export async function isolate(writer: FileWriter, batch: TableBatch): Promise<WrittenBatch> {
  try {
    return await writer.write(batch);
  } catch (error) {
    const [event, ...others] = batch.events;
    if (event === undefined) throw error;
    if (others.length === 0) {
      await proveWriter(writer, batch);
      const message = "The event could not be written.";
      return { files: [], poison: [{ offset: event.offset, code: "NOT_WRITABLE", path: "", message }] };
    }
    const middle = Math.ceil(batch.events.length / 2);
    const first = await isolate(writer, { ...batch, events: batch.events.slice(0, middle) });
    const second = await isolate(writer, { ...batch, events: batch.events.slice(middle) }).catch(
      async (failure: unknown) => {
        await Promise.all(first.files.map(({ file }) => rm(file, { force: true })));
        throw failure;
      },
    );
    return { files: [...first.files, ...second.files], poison: [...first.poison, ...second.poison] };
  }
}

async function proveWriter(writer: FileWriter, { table, events: [event] }: TableBatch): Promise<void> {
  if (event === undefined) return;
  const columns = [{ fieldId: 1, name: "proof", type: "int32" as const, nullable: true }];
  const proof = { ...table, version: 1, columns, primaryKey: [], partitionBy: [] };
  const { files } = await writer.write({
    table: proof,
    versions: new Map([[1, columns]]),
    events: [{ ...event, version: 1, op: "insert", payload: '{"proof":1}' }],
  });
  await Promise.all(files.map(({ file }) => rm(file, { force: true })));
}
