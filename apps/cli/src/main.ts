#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// Half of a short command's time is compiling its modules; what is imported after this line is compiled once.
enableCompileCache();
const { runMillrace } = await import("./run-millrace.ts");
const { stopSignal } = await import("./stop-signal.ts");

const { stdout, stderr } = process;
const signal = stopSignal(process);
process.exitCode = await runMillrace(process.argv.slice(2), { stdout, stderr, cwd: process.cwd(), signal });
