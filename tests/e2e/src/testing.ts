export { eventually } from "./testing/eventually.ts";
export { openGate } from "./testing/gate.ts";
export { countOpen, finished } from "./testing/observe.ts";
