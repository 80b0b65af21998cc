import postgres from "postgres";

/** A client of a caller's own, beside ours: to test what is enqueued in its transactions. */
export function openCallerClient(url: string): postgres.Sql {
  return postgres(url, { max: 1, onnotice: () => {} });
}
