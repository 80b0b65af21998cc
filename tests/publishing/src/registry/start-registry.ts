import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { runServer } from "verdaccio";

/** A private registry of npm packages, for people who have its token only. */
export interface TestRegistry {
  readonly url: string;
  /** The lines of an `.npmrc` that send packages of our scope and of the team's here, and everything else where it goes without. */
  readonly npmrc: string;
  /** Asks as someone who has the token, or as a stranger. */
  get(path: string, as?: "owner" | "stranger"): Promise<Response>;
  close(): Promise<void>;
}

/** Ours, and that of a team that publishes its own. */
const scopes = ["@millrace", "@acme"];

/** Starts a registry on a free port with its packages in `folder`. It knows no other registry, so it answers for these scopes alone. */
export async function startRegistry(folder: string): Promise<TestRegistry> {
  await mkdir(folder, { recursive: true });
  const server = (await runServer({
    configPath: join(folder, "config.yaml"),
    self_path: join(folder, "config.yaml"),
    storage: join(folder, "storage"),
    auth: { htpasswd: { file: join(folder, "htpasswd"), algorithm: "sha1" } },
    uplinks: {},
    packages: Object.fromEntries(
      scopes.map((scope) => [`${scope}/*`, { access: "$authenticated", publish: "$authenticated" }]),
    ),
    log: { type: "stdout", format: "json", level: "fatal" },
    web: { enable: false },
  })) as Server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = await register(`http://${host}`);

  return {
    url: `http://${host}`,
    npmrc: [...scopes.map((scope) => `${scope}:registry=http://${host}/`), `//${host}/:_authToken=${token}`, ""].join(
      "\n",
    ),
    get: (path, as = "owner") =>
      fetch(`http://${host}/${path}`, as === "owner" ? { headers: { authorization: `Bearer ${token}` } } : {}),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Makes the registry's one user and gives the token. */
async function register(url: string): Promise<string> {
  const answer = await fetch(`${url}/-/user/org.couchdb.user:team`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "team", password: "a-registry-of-one-test" }),
  });
  const { token } = (await answer.json()) as { readonly token?: string };
  if (token === undefined) throw new Error(`The registry made no user: ${answer.status}`);
  return token;
}
