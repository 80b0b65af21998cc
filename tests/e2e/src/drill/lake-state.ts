import { connectDirectly } from "@millrace/storage";

import { one } from "./archived-postgres.ts";

/**
 * Keeps workers from planning the lake's upkeep by themselves for a day. A catalogue that was never planned for, or not since its backup, has the daily check and
 * sweep due at once, and the drill could not tell their work from what it asks for.
 */
export async function putOffPlans(databaseUrl: string): Promise<void> {
  await ask(databaseUrl, "update millrace.lake_state set planned_at = now() + interval '1 day' returning planned_at");
}

/** Whether objects may be deleted. */
export async function isSweeping(databaseUrl: string): Promise<boolean> {
  const { sweeping } = await ask<{ sweeping: boolean }>(databaseUrl, "select sweeping from millrace.lake_state");
  return sweeping;
}

async function ask<Row>(databaseUrl: string, text: string): Promise<Row> {
  const connection = await connectDirectly({ url: databaseUrl });
  try {
    return await one<Row>(connection, text);
  } finally {
    await connection.close();
  }
}
