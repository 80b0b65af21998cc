import type { Scope } from "@millrace/contract";

/** An API key as the store shows it: never the key itself, nor its digest. */
export interface ApiKey {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  /** The public first part of the key. */
  readonly start: string;
  readonly scopes: readonly Scope[];
  /** The queues it is bound to; null is every queue. */
  readonly queues: readonly string[] | null;
  /** The event tables it is bound to; null is every table. */
  readonly tables: readonly string[] | null;
  readonly createdAt: Date;
  /** The key that made this one; null for one that an operator made. */
  readonly createdBy: string | null;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly successorId: string | null;
}

/** What a check of a key needs, as the database's clock sees it. */
export interface KeyForCheck {
  readonly id: string;
  readonly tenantId: string;
  readonly hash: Uint8Array;
  readonly scopes: readonly Scope[];
  readonly queues: readonly string[] | null;
  readonly tables: readonly string[] | null;
  /** Neither revoked nor expired. */
  readonly live: boolean;
  /** Null: never. */
  readonly expiresAt: Date | null;
  /** Null: never. */
  readonly expiresInMs: number | null;
}

/** The two stored halves of a new key. */
export interface KeySecret {
  readonly start: string;
  /** SHA-256 of the whole key. */
  readonly hash: Uint8Array;
}

export interface NewKey extends KeySecret {
  readonly tenantId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly queues: readonly string[] | null;
  /** Default: every table. */
  readonly tables?: readonly string[] | null | undefined;
  readonly createdBy: string | null;
  readonly expiresAt: Date | null;
}

export interface KeyRef {
  readonly tenantId: string;
  readonly id: string;
}

export interface KeyFilter {
  readonly tenantId: string;
  /** 1-500. */
  readonly limit: number;
  /** Keys older than this id (exclusive): the keyset cursor. */
  readonly beforeId?: string | undefined;
}

export interface KeyPage {
  /** Newest first. */
  readonly keys: readonly ApiKey[];
  readonly nextBeforeId: string | null;
}

export interface RotateKey extends KeySecret {
  /** How long the old key goes on working; 0 revokes it at once. */
  readonly overlapMs: number;
  readonly createdBy: string | null;
}

/** What a watcher of keys is told. */
export interface KeyWatcher {
  /** This key was revoked or rotated. */
  readonly changed: (id: string) => void;
  /** Whether changes are being heard. What happens while they are not is never told. */
  readonly listening: (heard: boolean) => void;
}

/** Where API keys are kept. Every key is addressed by tenant and id: another tenant's key is NOT_FOUND. */
export interface KeyStore {
  createKey(key: NewKey): Promise<ApiKey>;
  /** The key whose public part this is, whatever its state and tenant. */
  findKey(start: string): Promise<KeyForCheck | undefined>;
  /** @throws NOT_FOUND */
  getKey(ref: KeyRef): Promise<ApiKey>;
  /** Newest first, by keyset; revoked and expired ones too. */
  listKeys(filter: KeyFilter): Promise<KeyPage>;
  /** Revokes a key for good; of one that is revoked already nothing changes. @throws NOT_FOUND */
  revokeKey(ref: KeyRef): Promise<ApiKey>;
  /**
   * Makes the successor of a key: same name, scopes, queues, tables and expiry. The old key ends after the overlap, the key before it at once,
   * so that at most two work. @throws NOT_FOUND, INVALID_STATE for a key that is revoked, expired or rotated already
   */
  rotateKey(ref: KeyRef, rotation: RotateKey): Promise<ApiKey>;
  /** Notes that these keys were used; at most one write a key and minute, however many processes say so. */
  touchKeys(ids: readonly string[]): Promise<void>;
  /** Tells of revoked and rotated keys as it happens, until closed. Never fails: without a connection it tells so. */
  watchKeys(watcher: KeyWatcher): Promise<{ close(): Promise<void> }>;
}
