import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { checkSql } from "./check-sql.ts";
import { MigrationError, rootMessage } from "./error.ts";
import { readMarkers, type Markers } from "./markers.ts";

/** One direction of a migration: its SQL with LF line ends, the SHA-256 of that, and what it says about itself. */
export interface MigrationScript {
  readonly sql: string;
  readonly checksum: string;
  readonly markers: Markers;
}

/** One numbered pair of SQL files. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly up: MigrationScript;
  readonly down: MigrationScript;
}

/** The migrations that ship with this package; the same two levels up from `src` and from `dist`. */
export const bundledMigrationsDir = fileURLToPath(new URL("../../migrations/", import.meta.url));

const fileName = /^(\d{4})_([a-z0-9_]+)\.(up|down)\.sql$/;

/** Reads a migrations folder in order of version. A file without its pair, a number used twice or left out is an error. */
export async function readMigrations(dir: string = bundledMigrationsDir): Promise<readonly Migration[]> {
  const pairs = listPairs(dir);
  return Promise.all(pairs.map((pair) => readPair(dir, pair)));
}

/** The versions of a migrations folder, ascending, by the file names alone. */
export function knownVersions(dir: string = bundledMigrationsDir): readonly number[] {
  return listPairs(dir).map(({ version }) => version);
}

interface Pair {
  readonly version: number;
  readonly name: string;
  readonly tag: string;
}

function listPairs(dir: string): readonly Pair[] {
  const directions = new Map<string, Set<string>>();
  for (const file of listSqlFiles(dir)) {
    const [, number, name, direction] = fileName.exec(file) ?? [];
    if (number === undefined || name === undefined || direction === undefined) {
      throw new MigrationError("invalid", `${file} is not named like 0007_add_something.up.sql.`);
    }
    const tag = `${number}_${name}`;
    directions.set(tag, (directions.get(tag) ?? new Set()).add(direction));
  }
  const pairs = [...directions.keys()].toSorted().map((tag) => {
    for (const direction of ["up", "down"]) {
      if (!directions.get(tag)?.has(direction))
        throw new MigrationError("invalid", `${tag}.${direction}.sql is missing.`);
    }
    return { version: Number(tag.slice(0, 4)), name: tag.slice(5), tag };
  });
  for (const [index, { version, tag }] of pairs.entries()) {
    const expected = index + 1;
    if (version < expected) throw new MigrationError("invalid", `${tag} uses a number that is taken.`, [version]);
    if (version > expected) {
      throw new MigrationError("gap", `There is no migration ${expected}, but there is ${tag}.`, [expected]);
    }
  }
  return pairs;
}

function listSqlFiles(dir: string): readonly string[] {
  try {
    return readdirSync(dir).filter((entry) => entry.endsWith(".sql"));
  } catch (error) {
    throw new MigrationError("invalid", `The migrations folder can't be read: ${rootMessage(error)}.`, [], error);
  }
}

async function readPair(dir: string, { version, name, tag }: Pair): Promise<Migration> {
  const up = await readScript(dir, `${tag}.up.sql`);
  const down = await readScript(dir, `${tag}.down.sql`);
  // An interrupted down is finished by either direction, and only a repeatable up can do that.
  if (down.markers.mode === "no-transaction" && up.markers.mode === "transaction") {
    throw new MigrationError("invalid", `${tag}.down.sql may be no-transaction only if ${tag}.up.sql is.`, [version]);
  }
  return { version, name, up, down };
}

async function readScript(dir: string, file: string): Promise<MigrationScript> {
  const sql = (await readFile(join(dir, file), "utf8")).replaceAll("\r\n", "\n");
  const markers = readMarkers(sql, file);
  checkSql(sql, markers, file);
  return { sql, checksum: createHash("sha256").update(sql).digest("hex"), markers };
}
