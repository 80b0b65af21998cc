import type { Address } from "./address.ts";
import { openSocket } from "./socket.ts";

/** What the server told a session to name it by when asking to cancel its statement. */
export interface BackendKey {
  readonly pid: number;
  readonly secret: number;
}

const cancelTimeoutMs = 5_000;
const cancelRequestCode = 80_877_102;

/** Asks the server to stop the session's present statement. Best effort: it never fails, and nothing is known afterwards. */
export async function cancelStatement(address: Address, key: BackendKey): Promise<void> {
  try {
    const socket = await openSocket(address, cancelTimeoutMs);
    const message = Buffer.alloc(16);
    message.writeInt32BE(16, 0);
    message.writeInt32BE(cancelRequestCode, 4);
    message.writeInt32BE(key.pid | 0, 8);
    message.writeInt32BE(key.secret | 0, 12);
    socket.setTimeout(cancelTimeoutMs, () => socket.destroy());
    socket.end(message);
    socket.resume();
  } catch {
    // A server that can't be reached has nothing to cancel.
  }
}
