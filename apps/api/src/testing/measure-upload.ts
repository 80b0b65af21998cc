import { request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

export interface UploadOptions {
  readonly url: string;
  readonly key: string;
  readonly table: string;
  /** Size of the NDJSON, before it is compressed. */
  readonly bytes: number;
  readonly gzip?: boolean;
  /** The line of a number; called for 0, 1, 2 and so on. */
  readonly line: (number: number) => string;
}

export interface MeasuredUpload {
  readonly status: number;
  readonly body: string;
  /** Resident memory of the server before the upload, and the most that was seen during it. */
  readonly beforeBytes: number;
  readonly peakBytes: number;
}

const lookEveryMs = 100;

/** Uploads NDJSON that is made as it is sent, and looks at the server's memory meanwhile. */
export async function measureUpload({
  url,
  key,
  table,
  bytes,
  gzip = false,
  line,
}: UploadOptions): Promise<MeasuredUpload> {
  const residentBytes = async () => {
    const metrics = await (await fetch(`${url}/v1/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]);
  };
  const beforeBytes = await residentBytes();
  let peakBytes = beforeBytes;
  const looks = setInterval(() => {
    residentBytes().then(
      (now) => (peakBytes = Math.max(peakBytes, now)),
      () => undefined,
    );
  }, lookEveryMs);
  function* parts() {
    let sent = 0;
    for (let number = 0; sent < bytes;) {
      let part = "";
      while (part.length < 64 * 1_024 && sent + part.length < bytes) part += `${line(number++)}\n`;
      sent += part.length;
      yield Buffer.from(part);
    }
  }
  try {
    const upload = request(`${url}/v1/ingest/${table}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/x-ndjson",
        ...(gzip ? { "content-encoding": "gzip" } : {}),
      },
    });
    const answered = new Promise<{ status: number; body: string }>((resolve, reject) => {
      upload.on("error", reject).on("response", (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body })).on("error", reject);
      });
    });
    const source = Readable.from(parts(), { objectMode: false, highWaterMark: 256 * 1_024 });
    await (gzip ? pipeline(source, createGzip({ level: 1 }), upload) : pipeline(source, upload));
    const answer = await answered;
    peakBytes = Math.max(peakBytes, await residentBytes());
    return { ...answer, beforeBytes, peakBytes };
  } finally {
    clearInterval(looks);
  }
}
