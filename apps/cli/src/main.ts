#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// A third of a start is compiling modules; what is imported after this line is compiled once.
enableCompileCache();
const { runMillrace } = await import("./run-millrace.ts");
const { stopSignal } = await import("./stop-signal.ts");

const { stdout, stderr } = process;
// Whoever reads has seen enough, as `head` does.
stdout.on("error", (error) => process.exit("code" in error && error.code === "EPIPE" ? 0 : 1));
const signal = stopSignal(process);
process.exitCode = await runMillrace(process.argv.slice(2), { stdout, stderr, cwd: process.cwd(), signal });
// A job's handler that ignored the stop may still hold a timer or a socket.
setTimeout(() => process.exit(), 500).unref();
