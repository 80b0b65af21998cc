import { describe, expect, test } from "vitest";

import { chooseIdentity } from "./identity.ts";
import type { Surroundings } from "./identity.ts";

const cluster = "/no/such/folder";
const dieWithUs = ["setpriv", "--pdeathsig=INT"];

function surroundings(changes: Partial<Surroundings>): Surroundings {
  return {
    isRoot: true,
    canRun: () => true,
    readUsers: async () => "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n",
    ...changes,
  };
}

describe("the server runs", () => {
  test("as whoever starts it, and ends with them where the system can do that", async () => {
    expect(await chooseIdentity(cluster, surroundings({ isRoot: false }))).toEqual({
      owner: undefined,
      prefix: dieWithUs,
      spawn: {},
    });
    expect(await chooseIdentity(cluster, surroundings({ isRoot: false, canRun: () => false }))).toMatchObject({
      prefix: [],
    });
  });

  test("as another user under root, with the right to enter root's folders", async () => {
    const { owner, prefix } = await chooseIdentity(cluster, surroundings({}));
    expect(owner).toEqual({ uid: 65_534, gid: 65_533 });
    expect(prefix).toEqual([
      ...dieWithUs,
      "--reuid=65534",
      "--regid=65533",
      "--clear-groups",
      "--inh-caps=+dac_override",
      "--ambient-caps=+dac_override",
    ]);
  });

  test("without that right where it can't be given, and by Node's own means where there is no setpriv", async () => {
    const canRun = (prefix: readonly string[]): boolean => !prefix.some((word) => word.includes("dac_override"));
    expect((await chooseIdentity(cluster, surroundings({ canRun }))).prefix.at(-1)).toBe("--clear-groups");
    expect(await chooseIdentity(cluster, surroundings({ canRun: () => false }))).toEqual({
      owner: { uid: 65_534, gid: 65_533 },
      prefix: [],
      spawn: { uid: 65_534, gid: 65_533 },
    });
  });

  test("as the user postgres where there is one", async () => {
    const readUsers = async (): Promise<string> => "nobody:x:65534:65534::/:\npostgres:x:101:102::/:\n";
    expect((await chooseIdentity(cluster, surroundings({ readUsers }))).owner).toEqual({ uid: 101, gid: 102 });
  });

  test("not at all where there is nobody to run it as, and says so", async () => {
    const readUsers = async (): Promise<string> => "root:x:0:0::/root:/bin/sh\n";
    await expect(chooseIdentity(cluster, surroundings({ readUsers }))).rejects.toThrow(
      "no user `postgres` or `nobody`",
    );
  });
});
