import type { AuditAction, Json } from "@millrace/contract";

export interface NewAuditEntry {
  readonly tenantId: string;
  readonly actor: string;
  readonly action: AuditAction;
  readonly target: string;
  /** What JSON can say of it. */
  readonly detail: object | null;
}

export interface AuditEntry extends Omit<NewAuditEntry, "detail"> {
  readonly id: string;
  readonly at: Date;
  readonly detail: Json;
}

export interface AuditFilter {
  readonly tenantId: string;
  readonly action?: AuditAction | undefined;
  readonly target?: string | undefined;
  readonly after?: Date | undefined;
  readonly before?: Date | undefined;
  /** 1-500. */
  readonly limit: number;
  /** Entries older than this id (exclusive): the keyset cursor. */
  readonly beforeId?: string | undefined;
}

export interface AuditPage {
  /** Newest first. May be shorter than `limit` while `nextBeforeId` is set: a page examines a bounded number of entries. */
  readonly entries: readonly AuditEntry[];
  readonly nextBeforeId: string | null;
}

/** Who did what; entries are never changed, and kept for 400 days. */
export interface AuditStore {
  recordAudit(entry: NewAuditEntry): Promise<void>;
  listAudit(filter: AuditFilter): Promise<AuditPage>;
}
