/** What the surroundings say about the PostgreSQL to test on. */
export interface TestEnvironment {
  /** A server of one's own to test on. */
  readonly databaseUrl: string | undefined;
  /** The image for testcontainers; one that is named must work. */
  readonly image: string | undefined;
  readonly dockerHost: string | undefined;
  /** The server that this run's global set-up has started. */
  readonly sharedUrl: string | undefined;
  /** Names the run, so that its databases can be told from another's. */
  readonly run: string | undefined;
}

const sharedUrlName = "TEST_SHARED_SERVER_URL";
const runName = "TEST_SHARED_SERVER_RUN";

/** An S3 server of one's own to test on: all of it, or nothing. */
export interface TestS3Environment {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Undefined where `TEST_S3_ENDPOINT` is not set. */
export function readTestS3Environment(): TestS3Environment | undefined {
  const { env } = process;
  const endpoint = env["TEST_S3_ENDPOINT"];
  if (endpoint === undefined) return undefined;
  return {
    endpoint,
    region: env["TEST_S3_REGION"] ?? "us-east-1",
    bucket: env["TEST_S3_BUCKET"] ?? "test",
    accessKeyId: env["TEST_S3_ACCESS_KEY"] ?? "",
    secretAccessKey: env["TEST_S3_SECRET_KEY"] ?? "",
  };
}

export function readTestEnvironment(): TestEnvironment {
  const { env } = process;
  return {
    databaseUrl: env["TEST_DATABASE_URL"],
    image: env["TEST_POSTGRES_IMAGE"],
    dockerHost: env["DOCKER_HOST"],
    sharedUrl: env[sharedUrlName],
    run: env[runName],
  };
}

/** Tells the processes that are started from now on which server to use. */
export function shareServer(url: string, run: string): void {
  process.env[sharedUrlName] = url;
  process.env[runName] = run;
}

export function unshareServer(): void {
  delete process.env[sharedUrlName];
  delete process.env[runName];
}
