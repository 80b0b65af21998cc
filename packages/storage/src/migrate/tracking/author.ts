import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Who runs migrations: the host and the version of this package. */
export interface Author {
  readonly host: string;
  readonly toolVersion: string;
}

/** This process as the author of tracking rows. */
export function thisAuthor(): Author {
  const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return { host: hostname(), toolVersion: manifest.version };
}
