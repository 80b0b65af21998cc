import { decodeVisibilityToken } from "@millrace/core";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { makeTable } from "../../testing/make-table.ts";
import type { Reply, TestApi } from "../../testing/start-test-api.ts";

type Headers = Readonly<Record<string, string>>;

/** What a file of tests sends records with: an API of its own with the tables `clicks` and `users`. */
export interface IngestOfFile {
  readonly api: TestApi;
  readonly key: string;
  post(body: unknown, headers?: Headers, table?: string): Promise<Reply>;
  ndjson(body: string | Uint8Array, headers?: Headers, query?: string): Promise<Reply>;
  /** The payloads in the log, by key, in the order of their offsets. */
  stored(prefix: string): Promise<Readonly<Record<string, string>>>;
}

/** One API for all tests of a file. */
export async function ingestOfFile(): Promise<IngestOfFile> {
  const { api, key } = await apiOfFile();
  await makeTable(api, {
    name: "clicks",
    columns: { page: "varchar!", n: "int64", price: "decimal(20,4)", at: "timestamp" },
  });
  await makeTable(api, { name: "users", columns: { id: "int64!", name: "varchar" }, primaryKey: ["id"] });
  return {
    api,
    key,
    post: (body, headers = {}, table = "clicks") => api.ask(`POST /v1/ingest/${table}`, { key, body, headers }),
    ndjson: (body, headers = {}, query = "") =>
      api.ask(`POST /v1/ingest/clicks${query}`, {
        key,
        body,
        headers: { "content-type": "application/x-ndjson", ...headers },
      }),
    async stored(prefix) {
      const rows = await api.composition.db.query<{ key: string; payload: string }>(
        {
          name: "test.events",
          text: "select key, payload from millrace.events where starts_with(key, $1) order by event_offset",
        },
        [prefix],
      );
      return Object.fromEntries(rows.map((row) => [row.key, row.payload]));
    },
  };
}

/** A record that is in order. */
export const record = (idempotencyKey: string, more: object = {}) => ({
  idempotencyKey,
  payload: { page: "/" },
  ...more,
});

/** Accepted, duplicate and rejected. */
export const counts = ({ json }: Reply) => [json["acceptedCount"], json["duplicateCount"], json["rejectedCount"]];

const errorsOf = ({ json }: Reply) =>
  json.errors as readonly { index?: number; code: string; path: string; message: string }[];

/** Each problem that is told, without its message. */
export const problems = (reply: Reply) => errorsOf(reply).map(({ index, code, path }) => `${index} ${code} ${path}`);

/** Where and what each problem is, as somebody reads it. */
export const sentences = (reply: Reply) => errorsOf(reply).map(({ path, message }) => `${path}: ${message}`);

/** The offset that the token stands for. */
export const offsetOf = ({ json }: Reply) => decodeVisibilityToken("acme", String(json["visibilityToken"]));
