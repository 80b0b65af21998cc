import { spawnSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";

import { refusal } from "./refusal.ts";
import { serverEnvironment } from "./server-environment.ts";

/** As whom the server runs, and how a program is started as them. */
export interface Identity {
  /** Owner of the server's files; undefined is whoever runs this process. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Program and arguments to put before the server's own. */
  readonly prefix: readonly string[];
  /** Options for starting it. */
  readonly spawn: { readonly uid?: number; readonly gid?: number };
}

/** PostgreSQL refuses root. Every system has `nobody`; a `postgres` is the better owner where there is one. */
const userNames = ["postgres", "nobody"];

/** What the choice depends on; handed in so that every kind of machine can be told apart by a test. */
export interface Surroundings {
  readonly isRoot: boolean;
  /** True when a program can be started with these words in front of it. */
  readonly canRun: (prefix: readonly string[]) => boolean;
  /** The text of /etc/passwd. */
  readonly readUsers: () => Promise<string>;
}

const thisMachine: Surroundings = {
  isRoot: process.getuid?.() === 0,
  canRun: ([program = "", ...args]) =>
    process.platform === "linux" &&
    spawnSync(program, [...args, "true"], { env: serverEnvironment, stdio: "ignore" }).status === 0,
  readUsers: () => readFile("/etc/passwd", "utf8"),
};

/** Decides as whom to run the server whose files are (or will be) in `cluster`. @throws UNAVAILABLE with a sentence when nobody will do */
export async function chooseIdentity(
  cluster: string,
  { isRoot, canRun, readUsers }: Surroundings = thisMachine,
): Promise<Identity> {
  const dieWithUs = ["setpriv", "--pdeathsig=INT"];
  if (!isRoot) return { owner: undefined, prefix: canRun(dieWithUs) ? dieWithUs : [], spawn: {} };

  const owner = (await ownerOf(cluster)) ?? findUser(await readUsers());
  const asOwner = [...dieWithUs, `--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups"];
  // The folder often lies below one that only root may enter, such as /root; this one right of root's lets the server in.
  const withRight = [...asOwner, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  if (canRun(withRight)) return { owner, prefix: withRight, spawn: {} };
  if (canRun(asOwner)) return { owner, prefix: asOwner, spawn: {} };
  return { owner, prefix: [], spawn: { uid: owner.uid, gid: owner.gid } };
}

async function ownerOf(path: string): Promise<{ uid: number; gid: number } | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
}

function findUser(passwd: string): { uid: number; gid: number } {
  const users = passwd.split("\n").map((line) => line.split(":"));
  for (const name of userNames) {
    const user = users.find((fields) => fields[0] === name);
    if (user !== undefined) return { uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw refusal(
    "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as. Start as another user.",
  );
}
