/** A rule that tells somebody. */
export interface Alert {
  /** In Pascal case. */
  readonly name: string;
  readonly expression: string;
  /** How long it has to hold, such as `5m`. */
  readonly holds: string;
  /** A page wakes somebody; a ticket waits for the morning. */
  readonly severity: "page" | "ticket";
  readonly summary: string;
  /** File below docs/operations/runbooks, without its ending. */
  readonly runbook: string;
}
