/** Where a message of a consumer stands, as its server says it in the subject for the answer. */
export interface Delivery {
  readonly streamSequence: number;
  /** Counts what the consumer has sent; without holes. */
  readonly deliverySequence: number;
  readonly storedAt: Date;
}

/** `$JS.ACK.stream.consumer.…`, and in newer servers a domain and an account before these. */
const counts = { short: 9, long: 11 };

/** Reads a delivery from the subject for its answer; undefined for any other message. */
export function deliveryOf(reply: string | undefined): Delivery | undefined {
  const tokens = reply?.split(".") ?? [];
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK") return undefined;
  const at = tokens.length === counts.short ? 5 : 7;
  if (tokens.length !== counts.short && tokens.length < counts.long) return undefined;
  // Nanoseconds, of which a double can't hold all digits: the last six are cut off.
  const storedMs = Number(tokens[at + 2]?.slice(0, -6));
  return {
    streamSequence: Number(tokens[at]),
    deliverySequence: Number(tokens[at + 1]),
    storedAt: new Date(storedMs),
  };
}
