import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";

import { MillraceError } from "@millrace/contract";

/** `prefer` encrypts if the server offers it, `require` insists without checking the certificate, `verify-full` checks it. */
export type SslMode = "disable" | "prefer" | "require" | "verify-full";

export interface Ssl {
  readonly mode: SslMode;
  readonly options: ConnectionOptions;
}

/** Where a database is and as whom to enter it. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** The unix socket, if that is the way in. */
  readonly socketPath: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl: Ssl;
}

/** A mode, Node's own TLS options (which verify by default), true for `verify-full` or false for `disable`. */
export type SslOption = SslMode | boolean | ConnectionOptions;

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…`; `host=/directory` means a unix socket.
 * Without any word on TLS it is off on this machine and preferred elsewhere. @throws VALIDATION_FAILED
 */
export function parseAddress(url: string, ssl?: SslOption): Address {
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) throw invalid("a postgres:// URL with one host");
  const host = parsed.searchParams.get("host") ?? decodeURIComponent(parsed.hostname).replaceAll(/^\[|\]$/g, "");
  const port = Number(parsed.searchParams.get("port") ?? (parsed.port || 5432));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid("a port from 1 to 65535");
  const user = decodeURIComponent(parsed.username) || parsed.searchParams.get("user");
  if (user === null || user === "") throw invalid("a user name");
  if (host === "" || host.includes(",")) throw invalid("one host");
  const isSocket = host.startsWith("/");
  return {
    host,
    port,
    socketPath: isSocket ? `${host}/.s.PGSQL.${port}` : undefined,
    user,
    password: decodeURIComponent(parsed.password) || (parsed.searchParams.get("password") ?? ""),
    database: decodeURIComponent(parsed.pathname.slice(1)) || user,
    ssl: readSsl(parsed.searchParams, ssl, isSocket || isLoopback(host)),
  };
}

function readSsl(search: URLSearchParams, option: SslOption | undefined, isLocal: boolean): Ssl {
  if (typeof option === "object") return { mode: "verify-full", options: option };
  if (typeof option === "boolean") return { mode: option ? "verify-full" : "disable", options: {} };
  const mode = option ?? readMode(search.get("sslmode")) ?? (isLocal ? "disable" : "prefer");
  const rootCertificate = search.get("sslrootcert");
  if (rootCertificate === null || rootCertificate === "system") return { mode, options: {} };
  try {
    return { mode, options: { ca: readFileSync(rootCertificate, "utf8") } };
  } catch (error) {
    throw invalid("an sslrootcert that can be read", error);
  }
}

function readMode(text: string | null): SslMode | undefined {
  switch (text) {
    case null:
      return undefined;
    case "disable":
    case "prefer":
    case "require":
    case "verify-full":
      return text;
    case "allow":
      return "prefer";
    case "verify-ca":
      return "verify-full";
    default:
      throw invalid("sslmode disable, prefer, require or verify-full");
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function invalid(expected: string, cause?: unknown): MillraceError {
  return new MillraceError("VALIDATION_FAILED", `The database URL needs ${expected}`, { cause });
}
