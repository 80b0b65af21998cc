/** The table that events are sent to, and the records. */
export const tableName = "views";

/** Columns as they are sent to `POST /v1/tables`. */
export const columns = [
  { name: "id", type: "int64", nullable: false },
  { name: "kind", type: "varchar" },
  { name: "url", type: "varchar" },
  { name: "country", type: "varchar" },
  { name: "seen_at", type: "timestamp" },
  { name: "amount", type: "decimal(18,2)" },
  { name: "duration_ms", type: "int32" },
  { name: "signed_in", type: "boolean" },
] as const;

const kinds = ["view", "search", "cart", "order", "login", "logout", "error"];
const countries = ["DE", "FR", "IT", "NL", "PL", "SE", "US"];
const firstMs = Date.UTC(2026, 0, 1);
/** Made once: rendering a time costs more than all the rest of a record. */
const times = Array.from({ length: 1_000 }, (_, n) => new Date(firstMs + n * 61_337).toISOString());

/** The JSON text of the n-th payload, about 170 bytes. */
export function payloadText(n: number): string {
  const kind = kinds[n % 7] ?? "";
  const country = countries[(n >> 3) % 7] ?? "";
  return `{"id":${n},"kind":"${kind}","url":"https://shop.example.com/products/${n % 5_003}?ref=mail","country":"${country}","seen_at":"${times[n % 1_000]}","amount":"${n % 1_000}.${10 + (n % 90)}","duration_ms":${n % 30_000},"signed_in":${n % 3 === 0}}`;
}

/** The JSON text of the n-th record; its key is its own. */
export function recordText(prefix: string, n: number): string {
  return `{"idempotencyKey":"${prefix}${n}","payload":${payloadText(n)}}`;
}

/** The body of a request with the records from `first` on. */
export function batchText(prefix: string, first: number, count: number, more = ""): string {
  let records = recordText(prefix, first);
  for (let n = first + 1; n < first + count; n++) records += `,${recordText(prefix, n)}`;
  return `{"records":[${records}]${more}}`;
}
