import type { ServerResponse } from "node:http";

/** How long a client may take to read what it was sent; nothing more is read for it meanwhile. */
const slowMsDefault = 30_000;

/** Waits until the client has read what it was sent; cuts it off after `slowMs`. False when it is gone. */
export async function isRead(outgoing: ServerResponse, slowMs = slowMsDefault): Promise<boolean> {
  const isHere = await new Promise<boolean>((resolve) => {
    const settle = (read: boolean) => {
      clearTimeout(timer);
      outgoing.off("drain", onDrain);
      outgoing.off("close", onClose);
      resolve(read);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    const timer = setTimeout(onClose, slowMs);
    outgoing.once("drain", onDrain);
    outgoing.once("close", onClose);
  });
  if (!isHere) outgoing.destroy();
  return isHere;
}
