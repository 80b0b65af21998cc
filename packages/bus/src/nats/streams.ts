import { randomBytes } from "node:crypto";

import { type JetStreamManager, type StreamInfo } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";

import { MillraceError } from "@millrace/contract";

import type { NatsConnector } from "./connection.ts";
import { areSubjectsTaken, isFull, isStreamNotFound, toMillraceError } from "./error.ts";
import type { NatsBusSettings } from "./options.ts";

/** A stream as its server sees it now. */
export interface PresentStream {
  readonly name: string;
  readonly createdAt: string;
  readonly lastSequence: number;
}

export interface Streams {
  /** The subject of a tenant's table; numbers only, since names may hold dots. */
  subject(tenantNo: number, tableId: number): string;
  /** The subjects of a tenant in whatever shard its stream is of. */
  subjectsOf(stream: string, tenantNo: number): string;
  /** The stream that takes a tenant's events, made where there is none, with the settings that are in force. @throws UNAVAILABLE */
  present(tenantNo: number): Promise<PresentStream>;
  /** A stream by its name; undefined where there is none. @throws UNAVAILABLE */
  find(name: string): Promise<PresentStream | undefined>;
  /** All streams of this prefix, of former numbers of shards too. */
  list(): Promise<readonly PresentStream[]>;
}

/** The streams of JetStream: one for each shard. A stream that is made anew gets another name, so no process takes it for the former one. */
export function createStreams(settings: NatsBusSettings, connector: NatsConnector): Streams {
  const { prefix, shards, replicas, streamBytesMax, duplicateWindowMs } = settings;
  const shardOf = (tenantNo: number): number => tenantNo % shards;

  const wanted = {
    num_replicas: replicas,
    max_bytes: streamBytesMax,
    duplicate_window: nanos(duplicateWindowMs),
  };

  async function ensure(jsm: JetStreamManager, shard: number): Promise<StreamInfo> {
    const subjects = [`${prefix}.${shard}.*.*`];
    for (;;) {
      const [found] = await names(jsm, `${prefix}.${shard}.>`);
      if (found !== undefined) return withSettings(jsm, await jsm.streams.info(own(found, shard)));
      try {
        return await jsm.streams.add({
          name: `${prefix.toUpperCase()}_${shard}_${randomBytes(5).toString("hex")}`,
          subjects,
          retention: "limits",
          // Refusing keeps what was acknowledged; the default would drop it.
          discard: "new",
          storage: "file",
          allow_direct: false,
          ...wanted,
        });
      } catch (error) {
        if (isFull(error)) throw noRoom(streamBytesMax, error);
        // Another process was faster: its stream is found in the next round.
        if (!areSubjectsTaken(error)) throw error;
      }
    }
  }

  async function withSettings(jsm: JetStreamManager, info: StreamInfo): Promise<StreamInfo> {
    const { num_replicas, max_bytes, duplicate_window } = info.config;
    const isAsWanted =
      num_replicas === replicas && max_bytes === streamBytesMax && duplicate_window === wanted.duplicate_window;
    return isAsWanted ? info : jsm.streams.update(info.config.name, wanted);
  }

  const isOwn = (name: string): boolean => new RegExp(`^${prefix.toUpperCase()}_\\d+_[0-9a-f]{10}$`).test(name);

  /** A stream of ours by its name: one of somebody else's must not be changed, and may drop what it has acknowledged. @throws INTERNAL */
  function own(name: string, shard: number): string {
    if (isOwn(name) && name.split("_").at(-2) === String(shard)) return name;
    throw new MillraceError(
      "INTERNAL",
      `The stream ${name} of NATS has taken the subjects ${prefix}.${shard}.>, and is not of this bus.`,
    );
  }

  async function names(jsm: JetStreamManager, subject: string): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const name of jsm.streams.names(subject)) found.push(name);
    return found;
  }

  async function asking<Answer>(ask: (jsm: JetStreamManager) => Promise<Answer>): Promise<Answer> {
    const { jsm } = await connector.link();
    try {
      return await ask(jsm);
    } catch (error) {
      throw toMillraceError(error);
    }
  }

  return {
    subject: (tenantNo, tableId) => `${prefix}.${shardOf(tenantNo)}.${tenantNo}.${tableId}`,
    subjectsOf: (stream, tenantNo) => `${prefix}.${stream.split("_").at(-2) ?? ""}.${tenantNo}.*`,
    present: (tenantNo) => asking(async (jsm) => presentOf(await ensure(jsm, shardOf(tenantNo)))),
    find: (name) =>
      asking((jsm) =>
        jsm.streams.info(name).then(presentOf, (error: unknown) => {
          if (isStreamNotFound(error)) return undefined;
          throw error;
        }),
      ),
    list: () =>
      asking(async (jsm) => {
        const found: PresentStream[] = [];
        for await (const info of jsm.streams.list(`${prefix}.>`)) {
          if (isOwn(info.config.name)) found.push(presentOf(info));
        }
        return found;
      }),
  };
}

/** Nothing that a sender could wait for: whoever runs the server has to make room. */
function noRoom(bytes: number, cause: unknown): MillraceError {
  return new MillraceError("UNAVAILABLE", `NATS has no room for a stream of ${bytes} bytes.`, { cause });
}

function presentOf({ config, created, state }: StreamInfo): PresentStream {
  return { name: config.name, createdAt: created, lastSequence: state.last_seq };
}
