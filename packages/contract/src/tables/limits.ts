/** Bounds of a table. */
export const tableLimits = {
  /** Tables of a tenant. */
  tablesMax: 1_000,
  /** Columns of a table at a time. */
  columnsMax: 500,
  /** Fields of one struct. */
  structFieldsMax: 500,
  /** Columns, the fields of their structs and the elements of their lists together. */
  fieldsMax: 2_000,
  /** Lists and structs in one another, the scalar in the middle included. */
  nestingMax: 8,
  primaryKeyColumnsMax: 16,
  sortColumnsMax: 8,
  partitionColumnsMax: 4,
  retentionDaysMax: 36_500,
  /** The JSON text of one default. */
  defaultBytesMax: 4_096,
  /** Field ids end here, where those of the system's columns begin; one is never used twice. */
  fieldIdEnd: 1_000_000,
} as const;

/** For how many days a record's idempotency key is remembered, at the least. */
export const idempotencyWindowDays = 7;
