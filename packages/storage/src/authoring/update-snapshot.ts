import { presentSnapshot } from "./drizzle-kit.ts";
import { writeSnapshot } from "./snapshot-file.ts";

// For a change whose SQL was written by hand together with src/schema; a test tells whether the two agree.
await writeSnapshot(presentSnapshot());
