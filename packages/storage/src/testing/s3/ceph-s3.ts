import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

import { freePort } from "../free-port.ts";
import { isProcessAlive } from "../is-process-alive.ts";
import { cephConfiguration } from "./ceph-configuration.ts";

/** An S3 server of one's own. */
export interface CephS3 {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Kills the gateway at once; the objects stay. */
  kill(): Promise<void>;
  /** Starts the gateway that was killed, at the same address. */
  start(): Promise<void>;
  /** Stops everything and deletes the objects. */
  remove(): Promise<void>;
}

const readyWithinMs = 60_000;
const pollMs = 50;
const folderName = /^millrace-s3-(?<pid>\d+)-/;
const run = promisify(execFile);

/** True where Debian's packages radosgw, ceph-mon and ceph-osd are installed. */
export function hasCeph(): boolean {
  return ["radosgw", "ceph-mon", "ceph-osd", "radosgw-admin", "setpriv"].every(
    (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0,
  );
}

/** Starts a Ceph cluster of one with its S3 gateway: in memory, on loopback, gone when this process is. */
export async function startCephS3(): Promise<CephS3> {
  await removeLeftovers();
  const folder = await mkdtemp(join(tmpdir(), `millrace-s3-${process.pid}-`));
  const [monitorPort, gatewayPort] = [await freePort(), await freePort()];
  const [accessKeyId, secretAccessKey] = ["test-access-key", "test-secret-key"];
  const configuration = join(folder, "ceph.conf");
  const processes: ChildProcess[] = [];
  const call = async (program: string, ...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(program, ["-c", configuration, ...args], { timeout: readyWithinMs });
    return stdout;
  };
  // The kernel ends them with this process, however that ends.
  const serve = (program: string, ...args: readonly string[]): ChildProcess => {
    const command = ["--pdeathsig", "KILL", "--", program, "-c", configuration, ...args];
    const server = spawn("setpriv", command, { stdio: "ignore" });
    processes.push(server);
    return server;
  };
  const serveGateway = async (): Promise<ChildProcess> => {
    const server = serve("radosgw", "-f", "-n", "client.admin");
    await accepting(server, gatewayPort, folder);
    return server;
  };
  const remove = async (): Promise<void> => {
    await Promise.all(processes.map(killed));
    await rm(folder, { recursive: true, force: true });
  };

  try {
    await writeCluster({ folder, monitorPort, gatewayPort }, configuration);
    await accepting(serve("ceph-mon", "-f", "-i", "a"), monitorPort, folder);
    const storeId = randomUUID();
    await call("ceph", "osd", "new", storeId);
    const key = await call("ceph", "auth", "get-or-create", "osd.0", "mon", "allow profile osd", "osd", "allow *");
    await writeFile(join(folder, "keyring"), key, { flag: "a" });
    await call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", storeId);
    serve("ceph-osd", "-f", "-i", "0");
    let gateway = await serveGateway();
    const user = [
      "--uid=test",
      "--display-name=test",
      `--access-key=${accessKeyId}`,
      `--secret-key=${secretAccessKey}`,
    ];
    await call("radosgw-admin", "user", "create", ...user);
    return {
      endpoint: `http://127.0.0.1:${gatewayPort}`,
      accessKeyId,
      secretAccessKey,
      kill: () => killed(gateway),
      async start() {
        gateway = await serveGateway();
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function writeCluster(place: Parameters<typeof cephConfiguration>[0], configuration: string): Promise<void> {
  const { folder, monitorPort } = place;
  const clusterId = randomUUID();
  const keyring = join(folder, "keyring");
  const map = join(folder, "monmap");
  for (const name of ["mon", "osd"]) await mkdir(join(folder, name));
  await writeFile(configuration, cephConfiguration(place, clusterId));
  const all = ["mon", "osd", "mgr"].flatMap((service) => ["--cap", service, "allow *"]);
  await run("ceph-authtool", ["--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *"]);
  await run("ceph-authtool", [keyring, "--gen-key", "-n", "client.admin", ...all]);
  const address = `[v2:127.0.0.1:${monitorPort}]`;
  await run("monmaptool", ["--create", "--clobber", "--fsid", clusterId, "--addv", "a", address, map]);
  await run("ceph-mon", ["-c", configuration, "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring]);
}

/** Resolves once a server accepts connections. */
async function accepting(server: ChildProcess, port: number, folder: string): Promise<void> {
  const untilMs = performance.now() + readyWithinMs;
  while (!(await connects(port))) {
    if (server.exitCode !== null || performance.now() > untilMs) {
      throw new Error(`Ceph does not start: ${await lastWords(folder)}`);
    }
    await delay(pollMs);
  }
}

async function connects(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function killed(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, "exit");
  server.kill("SIGKILL");
  await exited;
}

async function lastWords(folder: string): Promise<string> {
  const logs = (await readdir(folder)).filter((name) => name.endsWith(".log"));
  const texts = await Promise.all(logs.map((name) => readFile(join(folder, name), "utf8")));
  return texts.map((text) => text.split("\n").slice(-10).join("\n")).join("\n");
}

/** Removes the folders of runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(folderName.exec(name)?.groups?.["pid"] ?? Number.NaN);
    if (!Number.isNaN(pid) && !isProcessAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
