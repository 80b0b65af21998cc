import { connectDirectly } from "@millrace/storage";

/** Opens a transaction, takes a snapshot and does nothing more, as a forgotten session does; the function that it answers ends it. */
export async function holdSnapshot(url: string): Promise<() => Promise<void>> {
  const session = await connectDirectly({ url });
  await session.exec("begin isolation level repeatable read");
  await session.query({ name: "take a snapshot", text: "select pg_current_snapshot()::text as snapshot" });
  return async () => {
    await session.exec("commit");
    await session.close();
  };
}
