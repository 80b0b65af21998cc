import type { MillraceClient } from "@millrace/client";
import type { JobDefinition } from "@millrace/core";

export declare const client: MillraceClient;
export declare const sendMail: JobDefinition;
export declare const makeReport: JobDefinition;
