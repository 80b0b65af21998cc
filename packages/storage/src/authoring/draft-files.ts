import { generateSql, type Snapshot } from "./drizzle-kit.ts";

/** The texts of a new pair of files. */
export interface DraftFiles {
  readonly up: string;
  readonly down: string;
}

const upHint = `-- DRAFT: read every statement against the rules in README.md, then delete this line.`;
const downHint = `-- DRAFT: make sure that this undoes the up file and nothing else; if data is lost, say so with
-- "-- millrace:lossy <what>". Then delete these lines.`;

/** Drafts both files: drizzle-kit's statements up, and the same difference the other way round down. */
export async function draftFiles(statements: readonly string[], from: Snapshot, to: Snapshot): Promise<DraftFiles> {
  return { up: script(upHint, statements), down: script(downHint, await draftDown(from, to)) };
}

async function draftDown(from: Snapshot, to: Snapshot): Promise<readonly string[]> {
  try {
    return await generateSql(to, from);
  } catch {
    return ["-- drizzle-kit could not tell renames from new columns here: write this by hand."];
  }
}

function script(hint: string, statements: readonly string[]): string {
  return `${[hint, ...statements].join("\n\n")}\n`;
}
