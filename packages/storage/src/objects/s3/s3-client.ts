import { S3Client } from "@aws-sdk/client-s3";

export interface S3ObjectStoreOptions {
  /** Unset means that of AWS. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** It must exist. */
  readonly bucket: string;
  /** What the keys of all objects start with: empty, or folders with a slash at the end. */
  readonly prefix?: string | undefined;
  /** Both or neither; unset means the SDK's own search. */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** Name the bucket in the path and not in the host name. */
  readonly forcePathStyle?: boolean | undefined;
  /** Default 5 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** A try ends where no byte of a request or of its answer has moved for so long. Default 20 s. */
  readonly idleTimeoutMs?: number | undefined;
  /** Tries of a request. Default 4. */
  readonly attemptsMax?: number | undefined;
  /** Pause before the second try; it doubles with each one. Default 100 ms. */
  readonly retryDelayMs?: number | undefined;
  /** Objects of a page of a listing and of one deletion: 1,000, S3's own limit, unless fewer. */
  readonly pageMax?: number | undefined;
}

const socketsMax = 64;
const pageLimit = 1_000;

const quiet = (): void => {};
/** Without a logger of ours the SDK warns on standard error that it doesn't send a stream again, which is what we want. */
const silent = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

/** What every verb of the store works with. */
export interface S3Context {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix: string;
  readonly idleTimeoutMs: number;
  readonly attemptsMax: number;
  readonly retryDelayMs: number;
  readonly pageMax: number;
  /** Aborted when the store is closed: whatever is under way ends, and nothing is tried again. */
  readonly closing: AbortController;
}

/** Applies the defaults and makes the client; nothing is sent yet. */
export function openContext(options: S3ObjectStoreOptions): S3Context {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey, forcePathStyle = false } = options;
  const hasKeys = accessKeyId !== undefined && secretAccessKey !== undefined;
  const agent = { keepAlive: true, maxSockets: socketsMax };
  const client = new S3Client({
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(hasKeys ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    // The store tries again itself: it knows which answers may be those of its own earlier try.
    maxAttempts: 1,
    // It sends and checks the SHA-256 of whole objects itself, which servers of all ages take.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    logger: silent,
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs ?? 5_000,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  return {
    client,
    bucket,
    prefix: options.prefix ?? "",
    idleTimeoutMs: options.idleTimeoutMs ?? 20_000,
    attemptsMax: options.attemptsMax ?? 4,
    retryDelayMs: options.retryDelayMs ?? 100,
    pageMax: Math.min(options.pageMax ?? pageLimit, pageLimit),
    closing: new AbortController(),
  };
}
