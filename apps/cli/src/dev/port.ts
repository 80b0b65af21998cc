import { once } from "node:events";
import { createServer } from "node:net";

import { Refusal } from "../refusal.ts";
import { errorCode } from "./error-code.ts";

/** Makes sure that the API will be able to listen there, before anything slow is started. @throws Refusal */
export async function assertPortFree(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    throw explainListenError(host, port, error);
  } finally {
    server.close();
  }
}

function explainListenError(host: string, port: number, error: unknown): unknown {
  switch (errorCode(error)) {
    case "EADDRINUSE":
      return new Refusal(`Port ${port} is in use. Choose another with --port <port>, or stop what uses it.`, {
        cause: error,
      });
    case "EACCES":
      return new Refusal(`Port ${port} may not be used by this user. Choose another with --port <port>.`, {
        cause: error,
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new Refusal(`${host} is not an address of this machine. Choose another as server.host.`, { cause: error });
    default:
      return error;
  }
}
