import { onTestFinished } from "vitest";

import { type RawReply, openSocket, parseReply } from "./open-socket.ts";

export interface UploadRequest {
  readonly port: number;
  readonly key: string;
  /** Headers besides those that every upload has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An upload of NDJSON that a test sends piece by piece. */
export interface TestUpload {
  /** Sends a chunk of the body: what the server reads at once, unless it is behind. */
  send(chunk: string | Uint8Array): void;
  end(): void;
  /** Goes without a word of goodbye. */
  reset(): void;
  answer(): Promise<RawReply>;
}

/** Begins an upload to the table `clicks`, on a connection of its own that is closed when the test is over. */
export async function beginUpload({ port, key, headers = {} }: UploadRequest): Promise<TestUpload> {
  const socket = await openSocket(port);
  onTestFinished(() => socket.destroy());
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.send(
    `POST /v1/ingest/clicks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n${more.join("")}\r\n`,
  );
  return {
    send(chunk) {
      const bytes = Buffer.from(chunk as Uint8Array);
      socket.send(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]));
    },
    end: () => socket.send("0\r\n\r\n"),
    reset: () => socket.reset(),
    answer: async () => parseReply(await socket.receive(/\r\n\r\n[^]*\}/)),
  };
}
