/** How events come, and roughly how many requests each contender answers in a second; who has no number takes no part. */
export interface Shape {
  readonly name: string;
  readonly connections: number;
  readonly batch: number;
  readonly hasManyTenants: boolean;
  readonly pace: Readonly<Partial<Record<"api" | "nats" | "echo" | "insert" | "copy" | "jetstream", number>>>;
}

/** The shapes that are measured: single events of few and of many callers, and batches. */
export const shapes: readonly Shape[] = [
  {
    name: "singles-1",
    connections: 1,
    batch: 1,
    hasManyTenants: false,
    pace: { api: 250, nats: 250, echo: 3_000, insert: 700, jetstream: 4_000 },
  },
  {
    name: "singles-32",
    connections: 32,
    batch: 1,
    hasManyTenants: true,
    pace: { api: 4_000, nats: 3_000, echo: 15_000, insert: 4_000, jetstream: 20_000 },
  },
  {
    // PostgreSQL's stock limit is 100 connections.
    name: "singles-256",
    connections: 256,
    batch: 1,
    hasManyTenants: true,
    pace: { api: 5_000, nats: 4_000, echo: 15_000, jetstream: 20_000 },
  },
  {
    name: "batch-100",
    connections: 8,
    batch: 100,
    hasManyTenants: true,
    pace: { api: 250, nats: 120, echo: 1_000, insert: 400, copy: 700, jetstream: 200 },
  },
  {
    name: "batch-1000",
    connections: 4,
    batch: 1_000,
    hasManyTenants: true,
    pace: { api: 30, nats: 15, echo: 100, insert: 50, copy: 120, jetstream: 25 },
  },
];
