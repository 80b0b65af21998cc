import type { JobDefinition } from "@millrace/core";
import type { Database } from "@millrace/storage";

export { createWorker } from "@millrace/core";

export declare const db: Database;
export declare const handlers: readonly JobDefinition[];
