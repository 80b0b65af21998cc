import type { MillraceClient } from "@millrace/client";

export declare const client: MillraceClient;
export declare const id: string;
export declare function show(progress: unknown): void;
