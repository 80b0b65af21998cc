import type { MillraceClient, NewRecord } from "@millrace/client";

export declare const client: MillraceClient;
export declare const orders: AsyncIterable<{ readonly id: string; readonly total: string }>;
export declare const records: AsyncIterable<NewRecord>;
