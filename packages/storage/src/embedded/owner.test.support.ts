import { spawn } from "node:child_process";
import { openSync } from "node:fs";

import { startEmbedded } from "../embedded.ts";
import { findBinaries } from "./binaries.ts";
import { layoutOf } from "./cluster.ts";
import { chooseIdentity } from "./identity.ts";

// Starts a server on a folder, prints its process id and waits to be killed.
const [dataDir = "", kind] = process.argv.slice(2);
const server = await startEmbedded({ dataDir, durable: false });
let { pid } = server;

if (kind === "orphan") {
  // Once more without the bond that ends the server with this process, as on a system that has no such thing.
  await server.stop();
  const layout = layoutOf(dataDir);
  const identity = await chooseIdentity(layout.cluster);
  const prefix = identity.prefix.filter((word) => !word.startsWith("--pdeathsig"));
  const { postgres } = await findBinaries();
  const args = ["-D", layout.cluster, "-p", String(server.port), "-c", "unix_socket_directories="];
  const [command = postgres, ...rest] = [...(prefix.length > 1 ? prefix : []), postgres, ...args];
  const log = openSync(layout.logFile, "a");
  const child = spawn(command, rest, { ...identity.spawn, detached: true, cwd: "/", stdio: ["ignore", log, log] });
  pid = child.pid ?? 0;
  const { setTimeout: delay } = await import("node:timers/promises");
  const { readFile } = await import("node:fs/promises");
  while (!(await readFile(`${layout.cluster}/postmaster.pid`, "utf8").catch(() => "")).includes("ready"))
    await delay(20);
}
process.stdout.write(`${pid}\n`);
setInterval(() => {}, 60_000);
