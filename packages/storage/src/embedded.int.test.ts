import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { connectDirectly } from "./database.ts";
import { startEmbedded } from "./embedded.ts";
import type { EmbeddedOptions, EmbeddedPostgres } from "./embedded.ts";
import { patient } from "./testing/patient.ts";

let parent: string;
let dataDir: string;
const running: EmbeddedPostgres[] = [];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "millrace-embedded-"));
  dataDir = join(parent, "data");
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop({ mode: "immediate" });
  await rm(parent, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbedded({ dataDir, durable: false, ...options });
  running.push(server);
  return server;
}

async function ask(server: EmbeddedPostgres, text: string): Promise<readonly unknown[]> {
  const session = await connectDirectly({ ...patient, url: server.url });
  try {
    return await session.query({ name: "test", text });
  } finally {
    await session.close();
  }
}

describe("a start", () => {
  test("makes the database, and a second one finds its data behind the same password", async () => {
    const sentences: string[] = [];
    const first = await start({ log: (sentence) => sentences.push(sentence) });
    expect(sentences).toEqual([expect.stringContaining(`127.0.0.1:${first.port}`)]);
    await ask(first, "create table kept as select 1 as one");
    await first.stop();
    expect(first.pid).toBe(0);

    const second = await start();
    expect(await ask(second, "select one from kept")).toEqual([{ one: 1 }]);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
    expect((await stat(join(dataDir, "password"))).mode & 0o777).toBe(0o600);
  });

  test("listens on this machine only, in UTF-8 with plain byte order, and asks for a password", async () => {
    const server = await start({ settings: { work_mem: "3MB" } });
    const names = ["listen_addresses", "unix_socket_directories", "server_encoding", "lc_messages", "work_mem"];
    const rows = await ask(server, `select current_setting(n) v from unnest('{${names.join(",")}}'::text[]) n`);
    expect(rows).toEqual(["127.0.0.1", "", "UTF8", "C", "3MB"].map((v) => ({ v })));
    const wrong = new URL(server.url);
    wrong.password = "wrong";
    await expect(connectDirectly({ url: wrong.href })).rejects.toMatchObject({ cause: { code: "28P01" } });
  });

  test("is durable unless told otherwise", async () => {
    const server = await start({ durable: true });
    expect(
      await ask(server, "select current_setting('fsync') fsync, current_setting('synchronous_commit') sync"),
    ).toEqual([{ fsync: "on", sync: "on" }]);
  });

  test("of a killed server recovers it", async () => {
    const server = await start();
    await ask(server, "create table kept as select 1 as one");
    await server.kill();
    await server.start();
    expect(await ask(server, "select one from kept")).toEqual([{ one: 1 }]);
    await server.restart({ mode: "immediate" });
    expect(await ask(server, "select one from kept")).toEqual([{ one: 1 }]);
    await server.start();
  });

  test("takes no notice of what a killed start left, and clears it away", async () => {
    const old = join(dataDir, "initialising-old");
    const young = join(dataDir, "initialising-young");
    await mkdir(join(old, "cluster"), { recursive: true });
    await mkdir(young);
    await utimes(old, 0, 0);
    await start();
    expect((await readdir(dataDir)).filter((name) => name.startsWith("initialising"))).toEqual(["initialising-young"]);
  });
});

describe("two starts at the same moment", () => {
  test("end with one server and one clear sentence", async () => {
    const results = await Promise.allSettled([start(), start()]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const refused = results.find((result) => result.status === "rejected");
    expect(String(refused?.reason)).toContain("is in use by another process");
    expect(await ask(running[0]!, "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe("a start says in a sentence", () => {
  test("that the database can't be made", async () => {
    await expect(start({ user: "pg_reserved" })).rejects.toThrow(/The database could not be made: .*pg_reserved/);
    expect((await readdir(dataDir)).toSorted()).toEqual(["password"]);
  });

  test("that the port is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(`Port ${port} for the embedded PostgreSQL is in use.`);
    server.close();
  });

  test("that the folder is in use by a living process", async () => {
    await start();
    await expect(start()).rejects.toThrow(`The data folder ${dataDir} is in use by another process (${process.pid}).`);
  });

  test("that a file is in the way of the folder", async () => {
    await writeFile(dataDir, "not a folder");
    await expect(start()).rejects.toThrow("a file of that name is in the way");
    await expect(start({ dataDir: join(dataDir, "below") })).rejects.toThrow("a file of that name is in the way");
  });

  test("that the folder can't be written", async () => {
    await expect(
      start({ dataDir: process.platform === "darwin" ? "/System/millrace" : "/sys/millrace" }),
    ).rejects.toThrow(/can't be (written|made)/);
  });
});

describe("a start on a spoilt folder says in a sentence", () => {
  let spoilt: string;
  beforeAll(async () => {
    spoilt = await mkdtemp(join(tmpdir(), "millrace-embedded-"));
    const server = await startEmbedded({ dataDir: spoilt, durable: false });
    await server.stop();
  });
  afterAll(() => rm(spoilt, { recursive: true, force: true }));

  test.each([
    [
      "that the database was made by another version",
      "cluster/PG_VERSION",
      "9\n",
      /was made by PostgreSQL 9, and this is 18/,
    ],
    ["that the database is broken, and why", "cluster/global/pg_control", undefined, /does not start: .*pg_control/],
    ["that the password is lost", "password", undefined, /has lost its file `password`/],
    ["that it is not a database", "cluster/PG_VERSION", undefined, /holds something that is not a database/],
  ])("%s", async (_, file, content, sentence) => {
    const path = join(spoilt, file);
    await rename(path, `${path}.kept`);
    if (content !== undefined) await writeFile(path, content, { mode: 0o644 });
    await expect(startEmbedded({ dataDir: spoilt })).rejects.toThrow(sentence);
    await rename(`${path}.kept`, path);
  });

  test("that it was made with another user, and leaves no server behind", async () => {
    await expect(startEmbedded({ dataDir: spoilt, user: "other" })).rejects.toThrow("does not know the user other");
    const server = await startEmbedded({ dataDir: spoilt });
    await server.stop();
  });

  test("that a setting is wrong", async () => {
    await expect(startEmbedded({ dataDir: spoilt, settings: { no_such_setting: "1" } })).rejects.toThrow(
      /no_such_setting/,
    );
  });
});

describe("a parent that is killed", () => {
  const program = fileURLToPath(new URL("./embedded/owner.test.support.ts", import.meta.url));

  async function startElsewhere(...args: readonly string[]): Promise<{ pid: number; kill(): Promise<void> }> {
    const child = spawn(process.execPath, ["--conditions=@millrace/source", program, dataDir, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return {
      pid: Number(line.toString()),
      async kill() {
        child.kill("SIGKILL");
        await once(child, "exit");
      },
    };
  }

  test("takes its server along on Linux, and leaves it to the next start elsewhere", async () => {
    const other = await startElsewhere();
    await other.kill();
    if (process.platform === "linux") await expect.poll(() => isAlive(other.pid)).toBe(false);
    await start();
    expect(await readFile(join(dataDir, "owner"), "utf8")).toBe(String(process.pid));
  });

  test("with a server that stays behind does not keep the next start from the folder", async () => {
    const other = await startElsewhere("orphan");
    await other.kill();
    expect(isAlive(other.pid)).toBe(true);
    const server = await start();
    expect(await ask(server, "select 1 as one")).toEqual([{ one: 1 }]);
    await expect.poll(() => isAlive(other.pid)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
