import type { JsonObject } from "@millrace/contract";

export interface PayloadSchemaRef {
  readonly tenantId: string;
  readonly type: string;
}

/** One version of the schema of a job type. */
export interface PayloadSchemaVersion extends PayloadSchemaRef {
  readonly version: number;
  /** Null: from this version on nothing is enforced. */
  readonly schema: JsonObject | null;
  readonly createdAt: Date;
}

/** A schema that payloads have to fit. */
export interface SchemaInForce {
  readonly version: number;
  readonly schema: JsonObject;
}

export interface PayloadSchemaFilter {
  readonly tenantId: string;
  /** 1-500. */
  readonly limit: number;
  /** Types behind this one (exclusive): the keyset cursor. */
  readonly afterType?: string | undefined;
}

export interface PayloadSchemaPage {
  /** The newest version of each type that has a schema in force, by type. */
  readonly schemas: readonly Omit<PayloadSchemaVersion, "schema">[];
  readonly nextAfterType: string | null;
}

/** The part of a job store that is about the shapes of payloads. Versions count up from 1 and are never used twice. */
export interface PayloadSchemaStore {
  /** The newest version, or the one asked for. */
  findPayloadSchema(ref: PayloadSchemaRef, version?: number): Promise<PayloadSchemaVersion | undefined>;
  /** Stores a version, which is then in force; undefined, and nothing is changed, when there is this version already. */
  addPayloadSchema(
    ref: PayloadSchemaRef,
    version: number,
    schema: JsonObject | null,
  ): Promise<PayloadSchemaVersion | undefined>;
  /** By type, by keyset. */
  listPayloadSchemas(filter: PayloadSchemaFilter): Promise<PayloadSchemaPage>;
  /**
   * The schemas in force of those types that have one, by type; from memory, no older than a second. The same version is the same object
   * as long as it is remembered.
   */
  schemasInForce(tenantId: string, types: readonly string[]): Promise<ReadonlyMap<string, SchemaInForce>>;
}
