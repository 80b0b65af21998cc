import { ListObjectsV2Command } from "@aws-sdk/client-s3";

import { MillraceError } from "@millrace/contract";

import { withAttempts } from "./attempts.ts";
import type { S3Context } from "./s3-client.ts";

/** The time of the server, to the second, by the Date header of an answer that also proves access to the bucket. */
export async function now(context: S3Context): Promise<Date> {
  const { client, bucket, prefix } = context;
  return withAttempts(context, async ({ signal }) => {
    const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 });
    let date = "";
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        date = (result.response as { readonly headers?: Readonly<Record<string, string>> }).headers?.["date"] ?? "";
        return result;
      },
      // After the answer is there and before it is read.
      { step: "deserialize", name: "keepDate", priority: "low" },
    );
    await client.send(command, { abortSignal: signal });
    const time = new Date(date);
    if (Number.isNaN(time.getTime())) throw new MillraceError("INTERNAL", "The object store doesn't tell its time");
    return time;
  });
}
