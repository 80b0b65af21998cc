import { historyTable, jobsTable, jobsTableByIds, leasesTable, queueTables } from "./tables.ts";
import {
  finishIntoHistory,
  finishInPlace,
  finishLeases,
  finishWholeClaim,
  takeByArray,
  takeByLease,
  takeByLoop,
  takeUntouched,
  turnOf,
} from "./turn.ts";

/** One way to lay out the tables of a queue. */
export interface Layout {
  readonly name: string;
  /** What it does at claim and at completion, for the report. */
  readonly summary: string;
  /** Makes the tables, with partitions around the given time. */
  readonly tables: (nowMs: number) => string;
  /** One turn of a worker. */
  readonly turn: string;
}

const idPartitions = 30;
const historyDays = 30;
const history = (nowMs: number): string => historyTable("job_history", historyDays, nowMs);

/** The layout that every other is compared with. */
export const inPlace: Layout = {
  name: "in-place",
  summary:
    "one `jobs` table, updated at claim and at completion; finished rows stay. The least a queue can do that never cleans up",
  tables: () => jobsTable(50) + queueTables,
  turn: turnOf(finishInPlace, takeByArray),
};

/** The layout that the product has. */
export const movedToHistory: Layout = {
  name: "history",
  summary:
    "updated at claim, moved at completion into `job_history`, which is partitioned by status and time. **What the product does**",
  tables: (nowMs) => jobsTable(50) + queueTables + history(nowMs),
  turn: turnOf(finishIntoHistory, takeByArray),
};

/** Every layout that is drained, the baseline first. */
export const layouts: readonly Layout[] = [
  inPlace,
  movedToHistory,
  {
    name: "history-2-indexes",
    summary: "the same with a second index on history, (tenant, queue, id), for lists by queue",
    tables: (nowMs) => `${movedToHistory.tables(nowMs)} create index on job_history (tenant_id, queue, id);`,
    turn: movedToHistory.turn,
  },
  {
    name: "id-partitions",
    summary: `\`jobs\` in ${idPartitions} partitions by ranges of the UUIDv7 id, finished rows stay; statements by id join, so that partitions are pruned row by row`,
    tables: (nowMs) => jobsTableByIds(idPartitions, nowMs) + queueTables,
    turn: turnOf(finishInPlace, takeByLoop),
  },
  {
    name: "leases",
    summary: "`jobs` is not touched at claim: a narrow lease row for each running job instead; moved at completion",
    tables: (nowMs) => jobsTable(100) + leasesTable + queueTables + history(nowMs),
    turn: turnOf(finishLeases, takeByLease),
  },
  {
    name: "claim-without-update",
    summary:
      "the claim writes one `claims` row for the batch and nothing else; moved at completion. **Does less than a product must**: a batch can only be finished as a whole, and no row says that its job runs. A bound, not a candidate",
    tables: (nowMs) => jobsTable(100) + queueTables + history(nowMs),
    turn: turnOf(finishWholeClaim, takeUntouched),
  },
];
