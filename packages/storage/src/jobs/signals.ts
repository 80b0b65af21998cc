import type { Executor } from "../executor.ts";
import type { Lane } from "./wakeup.ts";

/** What a write has made possible once it is committed; columns of its first row. */
export interface Signals {
  /** Concurrency keys have free slots, or jobs that want one. */
  readonly needsAdmission?: boolean;
  /** Lanes that have jobs to claim, or room for them. */
  readonly claimableLanes?: readonly Lane[] | null;
}

const admissionCtes = { freeSlots: "freed_slots", enqueueAgain: "checks_again" } as const;
const laneCtes = { freedLanes: "freed_lanes", enqueueAgain: "due_again" } as const;

type SignalSource = "freeSlots" | "freedLanes" | "enqueueAgain";

/** The expressions of a statement's signals, by the CTEs that it has. */
function expressions(sources: readonly SignalSource[]): readonly (readonly [name: keyof Signals, sql: string])[] {
  const found = (ctes: Readonly<Partial<Record<SignalSource, string>>>) =>
    sources.flatMap((source) => ctes[source] ?? []);
  const admission = found(admissionCtes).map((cte) => `exists (select from ${cte})`);
  const lanes = found(laneCtes).map((cte) => `select tenant_id, queue from ${cte}`);
  return [
    ...(admission.length > 0 ? [["needsAdmission", admission.join(" or ")] as const] : []),
    ...(lanes.length > 0
      ? [
          [
            "claimableLanes",
            `(select json_agg(json_build_array(l.tenant_id, l.queue)) from (${lanes.join(" union ")}) l)`,
          ] as const,
        ]
      : []),
  ];
}

/** The columns of a statement's signals. */
export function signals(...sources: readonly SignalSource[]): string {
  return expressions(sources)
    .map(([name, sql]) => `${sql} as "${name}"`)
    .join(", ");
}

/** The same as arguments of `json_build_object`. */
export function signalMembers(...sources: readonly SignalSource[]): string {
  return expressions(sources)
    .map(([name, sql]) => `'${name}', ${sql}`)
    .join(", ");
}

export interface SignalListener {
  admit(): void;
  wake(lanes: readonly Lane[]): void;
}

/** Passes on what a committed write has made possible. */
export function heed(listener: SignalListener, { needsAdmission, claimableLanes }: Signals): void {
  if (needsAdmission === true) listener.admit();
  if (claimableLanes) listener.wake(claimableLanes);
}

/** Runs statements outside of transactions, where answered is committed, and passes on the signals of their first row. */
export function heeding(db: Executor, listener: SignalListener): Executor {
  return {
    async query<Row>(...[statement, parameters, options]: Parameters<Executor["query"]>) {
      const rows = await db.query<Row>(statement, parameters, options);
      const [first] = rows as readonly (Signals | undefined)[];
      if (first?.needsAdmission === undefined && first?.claimableLanes === undefined) return rows;
      heed(listener, first);
      const { needsAdmission: _, claimableLanes: __, ...row } = first;
      return [row as Row, ...rows.slice(1)];
    },
  };
}
