import { seededRandom } from "@millrace/e2e/processes";

/** What goes wrong. `target` counts the processes of a role, or the wires, round and round. */
export type Fault =
  | { readonly kind: "kill"; readonly role: Role; readonly target: number; readonly downMs: number }
  | {
      readonly kind: "freeze";
      readonly role: "worker" | "leaseWorker";
      readonly target: number;
      readonly forMs: number;
    }
  | { readonly kind: "terminateBackends"; readonly everyMs: number; readonly forMs: number }
  | { readonly kind: "restartPostgres"; readonly mode: "fast" | "immediate"; readonly downMs: number }
  | { readonly kind: "blackHole"; readonly target: number; readonly forMs: number }
  | { readonly kind: "reset"; readonly target: number; readonly times: number }
  | { readonly kind: "delay"; readonly target: number; readonly delayMs: number; readonly forMs: number }
  | { readonly kind: "slice"; readonly target: number; readonly sliceBytes: number; readonly forMs: number };

export type Role = "api" | "worker" | "leaseWorker";

export interface ScheduledFault {
  /** After the start of the run. */
  readonly atMs: number;
  readonly fault: Fault;
}

export interface PlanOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Between the begin of one fault and that of the next, on average; most last longer, so that they overlap. */
  readonly everyMs: number;
  /** How long a worker's lease holds: freezes last longer. */
  readonly leaseMs: number;
}

type Draw = (random: () => number, leaseMs: number) => Fault;

const kinds: readonly Draw[] = [
  (random) => ({ kind: "kill", role: "worker", target: upTo(random, 8), downMs: 200 + upTo(random, 1_500) }),
  (random, leaseMs) => ({
    kind: "freeze",
    role: "worker",
    target: upTo(random, 8),
    forMs: leaseMs + 500 + upTo(random, leaseMs),
  }),
  () => ({ kind: "terminateBackends", everyMs: 100, forMs: 2_000 }),
  (random) => ({ kind: "kill", role: "api", target: upTo(random, 8), downMs: 200 + upTo(random, 1_500) }),
  (random) => ({ kind: "blackHole", target: upTo(random, 8), forMs: 1_000 + upTo(random, 3_000) }),
  (random) => ({ kind: "restartPostgres", mode: "immediate", downMs: upTo(random, 1_000) }),
  (random) => ({ kind: "kill", role: "leaseWorker", target: upTo(random, 8), downMs: 200 + upTo(random, 1_500) }),
  (random) => ({ kind: "reset", target: upTo(random, 8), times: 1 + upTo(random, 5) }),
  (random, leaseMs) => ({
    kind: "freeze",
    role: "leaseWorker",
    target: upTo(random, 8),
    forMs: leaseMs + 500 + upTo(random, leaseMs),
  }),
  (random) => ({ kind: "slice", target: upTo(random, 8), sliceBytes: 1 + upTo(random, 200), forMs: 2_000 }),
  (random) => ({ kind: "restartPostgres", mode: "fast", downMs: upTo(random, 1_000) }),
  (random) => ({ kind: "delay", target: upTo(random, 8), delayMs: 20 + upTo(random, 400), forMs: 2_000 }),
];

/** How many kinds of faults there are; so many in a row are all different. */
export const faultKinds = kinds.length;

/** Draws the faults of a run: the same for the same options. Every kind comes once before one comes again. */
export function planFaults({ seed, durationMs, everyMs, leaseMs }: PlanOptions): readonly ScheduledFault[] {
  const random = seededRandom(seed);
  const faults: ScheduledFault[] = [];
  let round: Draw[] = [];
  for (let atMs = everyMs / 2; atMs < durationMs; atMs += everyMs * (0.5 + random())) {
    if (round.length === 0) round = [...kinds];
    const [draw] = round.splice(upTo(random, round.length), 1);
    if (draw !== undefined) faults.push({ atMs: Math.round(atMs), fault: draw(random, leaseMs) });
  }
  return faults;
}

function upTo(random: () => number, below: number): number {
  return Math.floor(random() * below);
}
