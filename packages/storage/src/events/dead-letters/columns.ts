/** The columns of `DeadLetterSummary`, of `dead_letters d` and `event_tables t`. */
export const summaryColumns = `
d.id, d.tenant_id as "tenantId", d.tenant_no as "tenantNo", d.table_id as "tableId", t.name as "table", d.event_offset as "offset", d.version, d.op, d.key,
d.event_time as "eventTime", d.ingested_at as "ingestedAt", d.code, d.path, d.message, d.created_at as "createdAt", d.replayed_at as "replayedAt"`;

/** The table that an event was meant for, as long as it is there. */
export const liveTable = `left join millrace.event_tables t on t.table_id = d.table_id and t.dropped_at is null`;
