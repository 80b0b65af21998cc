import { catalogueQuery } from "../catalogue.ts";

/**
 * Keeps what the schema looks like after a run beside its newest migration, for `verify` to compare with. Under the migration
 * lock no other migration changes the schema between this and the last step.
 */
export const recordCatalogue = `update millrace.schema_migrations set catalogue = (
${catalogueQuery}
)
where version = (select max(version) from millrace.schema_migrations where state = 'applied')`;
