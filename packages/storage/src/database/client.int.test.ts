import { once } from "node:events";
import { connect } from "node:net";

import { afterAll, beforeAll, expect, test } from "vitest";

import { testDatabase } from "../testing/test-database.ts";
import type { TestDatabase } from "../testing/test-database.ts";
import { parseAddress } from "./address.ts";
import { backendKeyOf, createClient, extendedQuery, simpleQuery } from "./client.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase({ migrate: false });
});
afterAll(() => db.close());

test("a client whose socket is gone refuses the next statement, and never opens a session of its own", async () => {
  const address = parseAddress(db.url);
  const socket = connect({ host: address.host, port: address.port });
  const sql = createClient({ address, session: {}, prepare: true }, socket);
  const first = simpleQuery(sql, "select pg_backend_pid() as pid");
  expect(backendKeyOf(first)).toBeUndefined();
  const [row] = await first;
  expect(backendKeyOf(first)?.pid).toBe(row?.["pid"]);

  const closed = once(socket, "close");
  socket.destroy();
  await closed;
  await expect(extendedQuery(sql, "select 1", [], true)).rejects.toMatchObject({ code: "CONNECTION_ENDED" });
});
