/** One thing that a run did: a sentence and its facts. */
export interface MigrationEvent {
  readonly message: string;
  readonly version?: number;
  readonly name?: string;
  readonly attempt?: number;
  readonly durationMs?: number;
  readonly reason?: string;
}

/** Where a run says what it does. */
export type MigrationLog = (event: MigrationEvent) => void;
