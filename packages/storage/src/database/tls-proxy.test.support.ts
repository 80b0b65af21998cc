import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

import { urlWithPort } from "../testing/url-with-port.ts";

/** A certificate for localhost that signs itself. It and its key protect nothing. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUTcWI11p8LG8t4nG3CXxLCobiYi0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjA2MjkwN1oYDzIxMjYxMDI5
MDYyOTA3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASftwgVnZ8rnSc0XVZArAyaalMisWtNI1b07r/ZadWk7BZ8zwrffpa+
ogWJmPbYu1dMoGIaYXnLQgPiBtqGM+h5o28wbTAdBgNVHQ4EFgQU3WuJtVXobDU/
3QQbOvR6rx9DywkwHwYDVR0jBBgwFoAU3WuJtVXobDU/3QQbOvR6rx9DywkwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAIOQ3d+BpISIqTT9KtRCPIHQ0lcXY0ngC5MeuTfzZvlVAiBu
6nRCSGGdsNqlYXFBjhlRIApDsUvO8RkM5+O3CZzNRA==
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbikFAt/JXL5OFy1X
xF6W2nrmMbFK5SPlqJpm+EYZWFyhRANCAASftwgVnZ8rnSc0XVZArAyaalMisWtN
I1b07r/ZadWk7BZ8zwrffpa+ogWJmPbYu1dMoGIaYXnLQgPiBtqGM+h5
-----END PRIVATE KEY-----
`;

/** What the server says to a client that asks for encryption: yes, no, yes with plain text slipped in behind it, or nothing. */
export type TlsAnswer = "S" | "N" | "S then more" | "nothing";

/** Stands in front of a server and speaks TLS for it. */
export async function startTlsProxy(
  serverUrl: string,
  answer: TlsAnswer,
): Promise<{ readonly url: string; close(): void }> {
  const { port: serverPort } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client.on("error", () => {}));
    client.once("data", () => {
      if (answer === "nothing") return;
      client.write(answer === "S then more" ? "SELECTED" : answer);
      const plain = answer === "N" ? client : new TLSSocket(client, { isServer: true, key, cert: certificate });
      const upstream = connect({ host: "127.0.0.1", port: Number(serverPort) });
      plain.on("error", () => upstream.destroy());
      upstream.on("error", () => plain.destroy());
      plain.pipe(upstream).pipe(plain);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  return {
    url: urlWithPort(serverUrl, port),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
