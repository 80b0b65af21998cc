import { randomUUID } from "node:crypto";

import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

import type { Database } from "@millrace/storage";

/** What an operator can do to a tenant's stream. */
export interface OperatedStream {
  readonly name: string;
  delete(): Promise<void>;
  /** Deletes it and makes one of the same name and settings. */
  makeAnew(): Promise<void>;
  /** Resolves when the server has forgotten the ids of all messages sent before. */
  untilForgotten(): Promise<void>;
  /** Which of the servers leads it. */
  leader(): Promise<string>;
  messages(): Promise<number>;
  close(): Promise<void>;
}

/** The stream that a tenant's log is in now. */
export async function streamOf(db: Database, tenantNo: number, servers: readonly string[]): Promise<OperatedStream> {
  const statement = {
    name: "streamOf",
    text: "select s.stream from millrace.bus_segments s where s.tenant_no = $1 and s.until_offset is null",
  };
  const [row] = await db.query<{ stream: string }>(statement, [tenantNo]);
  const name = row?.stream ?? "";
  const nc = await connect({ servers: [...servers] });
  const jsm = await jetstreamManager(nc, { timeout: 30_000 });
  const { config } = await jsm.streams.info(name);
  return {
    name,
    async delete() {
      await jsm.streams.delete(name);
    },
    async makeAnew() {
      await jsm.streams.delete(name);
      await jsm.streams.add({ ...config, name });
    },
    async untilForgotten() {
      // A message of nobody's, in this tenant's subjects; readers drop it.
      const subject = config.subjects[0]?.replace("*.*", `${tenantNo}.1`) ?? "";
      const msgID = randomUUID();
      const isKnown = async () => (await jetstream(nc).publish(subject, "", { msgID })).duplicate;
      await isKnown();
      while (await isKnown());
    },
    leader: async () => (await jsm.streams.info(name)).cluster?.leader ?? "",
    messages: async () => (await jsm.streams.info(name)).state.messages,
    close: () => nc.close(),
  };
}
