import type { Executor } from "../../executor.ts";
import { catalogueQuery } from "../catalogue.ts";

const statement = {
  name: "schema_migrations.read_catalogue",
  text: `select m.catalogue as expected, (${catalogueQuery}) as actual
from millrace.schema_migrations m where m.state = 'applied' order by m.version desc limit 1`,
};

/** The schema as the newest migration left it, null where that run never came to its end, and as it is now, in one snapshot. */
export async function readCatalogue(
  executor: Executor,
): Promise<{ readonly expected: string | null; readonly actual: string } | undefined> {
  const [row] = await executor.query<{ expected: string | null; actual: string }>(statement);
  return row;
}
