import type { Executor } from "../../executor.ts";
import type { DeadLetterStore } from "./dead-letter-store.ts";
import { deleteDeadLetter } from "./delete.ts";
import { findDeadLetter } from "./find.ts";
import { listDeadLetters } from "./list.ts";
import { markReplayed } from "./mark-replayed.ts";

/** The dead letters in PostgreSQL; the database stays its owner's. */
export function createPostgresDeadLetterStore(db: Executor): DeadLetterStore {
  return {
    listDeadLetters: (filter) => listDeadLetters(db, filter),
    findDeadLetter: (ref) => findDeadLetter(db, ref),
    markReplayed: (ref) => markReplayed(db, ref),
    deleteDeadLetter: (ref) => deleteDeadLetter(db, ref),
  };
}
