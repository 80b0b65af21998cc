import type { Executor } from "../executor.ts";
import type { Lane } from "./wakeup.ts";

/** What a write has made possible once it is committed; columns of its first row. */
interface Signals {
  /** Concurrency keys have free slots, or jobs that want one. */
  readonly needsAdmission?: boolean;
  /** Lanes that have jobs to claim, or room for them. */
  readonly claimableLanes?: readonly Lane[] | null;
}

const admissionCtes = { freeSlots: "freed_slots", enqueueAgain: "checks_again" } as const;
const laneCtes = { freedLanes: "freed_lanes", enqueueAgain: "due_again" } as const;

/** The columns of a statement's signals, by the CTEs that it has (`freeSlots`, `freedLanes`, `enqueueAgain`). */
export function signals(...ctes: readonly ("freeSlots" | "freedLanes" | "enqueueAgain")[]): string {
  const admission = Object.entries(admissionCtes).filter(([name]) => ctes.includes(name as (typeof ctes)[number]));
  const lanes = Object.entries(laneCtes).filter(([name]) => ctes.includes(name as (typeof ctes)[number]));
  const columns: string[] = [];
  if (admission.length > 0) {
    columns.push(`${admission.map(([, cte]) => `exists (select from ${cte})`).join(" or ")} as "needsAdmission"`);
  }
  if (lanes.length > 0) {
    const union = lanes.map(([, cte]) => `select tenant_id, queue from ${cte}`).join(" union ");
    columns.push(`(select json_agg(json_build_array(l.tenant_id, l.queue)) from (${union}) l) as "claimableLanes"`);
  }
  return columns.join(", ");
}

export interface SignalListener {
  admit(): void;
  wake(lanes: readonly Lane[]): void;
}

/** Runs statements outside of transactions, where answered is committed, and passes on the signals of their first row. */
export function heeding(db: Executor, listener: SignalListener): Executor {
  return {
    async query<Row>(...[statement, parameters, options]: Parameters<Executor["query"]>) {
      const rows = await db.query<Row>(statement, parameters, options);
      const [first] = rows as readonly (Signals | undefined)[];
      if (first?.needsAdmission === true) listener.admit();
      if (first?.claimableLanes) listener.wake(first.claimableLanes);
      if (first?.needsAdmission === undefined && first?.claimableLanes === undefined) return rows;
      const { needsAdmission: _, claimableLanes: __, ...row } = first;
      return [row as Row, ...rows.slice(1)];
    },
  };
}
