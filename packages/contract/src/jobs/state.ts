/** The five states of a job. A delayed or retrying job is `pending` with `scheduledAt` in the future. */
export const jobStatuses = ["pending", "running", "completed", "dead", "cancelled"] as const;

export type JobStatus = (typeof jobStatuses)[number];

export const terminalStatuses = ["completed", "dead", "cancelled"] as const satisfies readonly JobStatus[];

export type TerminalStatus = (typeof terminalStatuses)[number];

/** What can happen to a job. */
export type JobEvent = "claim" | "complete" | "fail" | "exhaust" | "snooze" | "release" | "rescue" | "cancel" | "retry";

/**
 * The state machine: `transitions[state][event]` is the next state; an event without an entry is refused (INVALID_STATE).
 * The diagram in `docs/concepts/jobs.md` is compared with this table by a test.
 */
export const transitions: Readonly<Record<JobStatus, Readonly<Partial<Record<JobEvent, JobStatus>>>>> = {
  pending: { claim: "running", cancel: "cancelled" },
  running: {
    complete: "completed",
    fail: "pending",
    exhaust: "dead",
    snooze: "pending",
    release: "pending",
    rescue: "pending",
    cancel: "cancelled",
  },
  completed: { retry: "pending" },
  dead: { retry: "pending" },
  cancelled: { retry: "pending" },
};

/** True for a state that only an explicit retry leads out of. */
export function isTerminal(status: JobStatus): status is TerminalStatus {
  return (terminalStatuses as readonly JobStatus[]).includes(status);
}
