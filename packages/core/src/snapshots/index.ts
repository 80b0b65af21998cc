export type { SnapshotCtx } from "./context.ts";
export { getSnapshot } from "./get.ts";
export { listSnapshots, type SnapshotPage } from "./list.ts";
export { pinSnapshot } from "./pin.ts";
export { toSnapshotJson } from "./snapshot-json.ts";
export { unpinSnapshot } from "./unpin.ts";
