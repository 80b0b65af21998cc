#!/usr/bin/env node
import { runMillrace } from "./run-millrace.ts";
import { stopSignal } from "./stop-signal.ts";

const { stdout, stderr } = process;
const exitCode = await runMillrace(process.argv.slice(2), {
  stdout,
  stderr,
  cwd: process.cwd(),
  signal: stopSignal(process),
});
process.exitCode = exitCode;
