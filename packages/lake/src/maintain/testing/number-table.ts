import type { Column } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import type { MaintainWorld, TestEvent } from "./maintain-world.ts";

/** Columns of which the first is made for a primary key. */
export const keyedColumns: readonly Column[] = [
  { fieldId: 1, name: "id", type: "int32", nullable: false },
  { fieldId: 2, name: "v", type: "int32", nullable: true },
];

/** An event for a table of numbers. */
export const numberEvent = (n: number, ingestedAt?: Date): TestEvent => ({
  key: `${n}`,
  payload: `{"n":${n}}`,
  ...(ingestedAt && { ingestedAt }),
});

/** As many files as are merged into one, with a number each. */
export const eightFiles: readonly (readonly TestEvent[])[] = Array.from({ length: 8 }, (_, n) => [numberEvent(n)]);

/** Adds eight files and merges them into one; answers the snapshot before the merge. */
export async function mergedNumbers(world: MaintainWorld, table: EventTable): Promise<number> {
  const { snapshotId } = await world.addFiles(table, eightFiles);
  await world.maintainer().compact(table);
  return snapshotId;
}
