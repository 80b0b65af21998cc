import { randomUUID } from "node:crypto";

import { readTestS3Environment } from "../environment.ts";
import { startTcpProxy } from "../tcp-proxy.ts";
import { hasCeph, startCephS3 } from "./ceph-s3.ts";

/** Where a test finds its server and bucket; what a store needs to be told. */
export interface TestS3Options {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly forcePathStyle: true;
}

/** An S3 server to test on. */
export interface TestS3 {
  readonly source: "url" | "ceph";
  readonly options: TestS3Options;
  /** A prefix that nobody else uses. */
  newPrefix(): string;
  /** From now on nobody answers at the server's address; the objects stay. */
  stop(): Promise<void>;
  /** Answers again. */
  start(): Promise<void>;
  /** Stops the server, where it was started for the test. */
  remove(): Promise<void>;
}

/**
 * Starts the server that the surroundings offer: `TEST_S3_ENDPOINT`, with `TEST_S3_ACCESS_KEY`, `TEST_S3_SECRET_KEY` and
 * `TEST_S3_BUCKET`, else Ceph from Debian's packages radosgw, ceph-mon and ceph-osd.
 */
export async function startTestS3(): Promise<TestS3> {
  const given = readTestS3Environment();
  const server = given === undefined ? await startCeph() : await startInFrontOf(given);
  const { createS3Bucket } = await import("../../objects/s3/create-bucket.ts");
  await createS3Bucket(server.options);
  return server;
}

const newPrefix = (): string => `${randomUUID()}/`;

async function startCeph(): Promise<TestS3> {
  if (!hasCeph()) {
    throw new Error(
      "There is no S3 server to test on: install radosgw, ceph-mon and ceph-osd, or set TEST_S3_ENDPOINT",
    );
  }
  const { endpoint, accessKeyId, secretAccessKey, kill, start, remove } = await startCephS3();
  const options = { endpoint, accessKeyId, secretAccessKey, region: "us-east-1", bucket: "test" } as const;
  return { source: "ceph", options: { ...options, forcePathStyle: true }, newPrefix, stop: kill, start, remove };
}

/** The server belongs to others, so that only a proxy in front of it dies. */
async function startInFrontOf(given: Omit<TestS3Options, "forcePathStyle">): Promise<TestS3> {
  const url = new URL(given.endpoint);
  if (url.protocol !== "http:") throw new Error("TEST_S3_ENDPOINT must be a server that is reached by http");
  const target = { host: url.hostname, port: Number(url.port === "" ? 80 : url.port) };
  let proxy = await startTcpProxy(target);
  const { port } = proxy;
  return {
    source: "url",
    options: { ...given, endpoint: `http://127.0.0.1:${port}`, forcePathStyle: true },
    newPrefix,
    stop: () => proxy.close(),
    async start() {
      proxy = await startTcpProxy(target, port);
    },
    remove: () => proxy.close(),
  };
}
