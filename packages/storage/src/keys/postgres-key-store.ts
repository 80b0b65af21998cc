import type { Database } from "../database.ts";
import { findKey } from "./find.ts";
import { getKey } from "./get.ts";
import { insertKey } from "./insert.ts";
import type { KeyStore } from "./key-store.ts";
import { listKeys } from "./list.ts";
import { revokeKey } from "./revoke.ts";
import { rotateKey } from "./rotate.ts";
import { touchKeys } from "./touch.ts";

/** The channel on which revoked and rotated keys are told, by id. */
const keyChannel = "millrace_keys";

/** The API keys in PostgreSQL; the database stays its owner's. */
export function createPostgresKeyStore(db: Database): KeyStore {
  return {
    createKey: (key) => insertKey(db, key),
    findKey: (start) => findKey(db, start),
    getKey: (ref) => getKey(db, ref),
    listKeys: (filter) => listKeys(db, filter),
    revokeKey: (ref) => revokeKey(db, ref, keyChannel),
    rotateKey: (ref, rotation) => rotateKey(db, ref, rotation, keyChannel),
    touchKeys: (ids) => touchKeys(db, ids),
    watchKeys: (watcher) => db.listen(keyChannel, watcher.changed, watcher.listening),
  };
}
