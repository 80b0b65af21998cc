import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly repository?: { readonly url: string; readonly directory: string };
  readonly engines?: { readonly node?: string };
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface PublishedPackage {
  /** Its folder's name below `packages`. */
  readonly folder: string;
  readonly path: string;
  readonly manifest: Manifest;
}

/** The packages of a workspace that are published, in the order of their names. */
export async function readPublishedPackages(workspace: string = root): Promise<readonly PublishedPackage[]> {
  const folders = await readdir(join(workspace, "packages"));
  return Promise.all(
    folders.toSorted().map(async (folder) => {
      const path = join(workspace, "packages", folder);
      return { folder, path, manifest: JSON.parse(await readFile(join(path, "package.json"), "utf8")) as Manifest };
    }),
  );
}
