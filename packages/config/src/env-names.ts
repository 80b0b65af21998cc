/** What the name of every variable of ours starts with. */
export const envPrefix = "MILLRACE_";

/** Names the profile; read from the environment only, since it decides what the rest means. */
export const profileVariable = "MILLRACE_PROFILE";

/** Names the configuration file. */
export const fileVariable = "MILLRACE_CONFIG";

/** What the command line and the example workers read: they are set in shells that servers are started from too. */
export const clientVariables = { url: "MILLRACE_URL", apiKey: "MILLRACE_API_KEY" } as const;

/** The environment name of a dotted key: `server.requestTimeoutMs` is `MILLRACE_SERVER_REQUEST_TIMEOUT_MS`. */
export function envName(key: string): string {
  return (
    envPrefix +
    key
      .replaceAll(".", "_")
      .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
      .toUpperCase()
  );
}

/** The variable that names a file holding the value of a secret. */
export function fileEnvName(name: string): string {
  return `${name}_FILE`;
}

/**
 * True for the variables that Kubernetes adds to every pod for a Service called `millrace` or `millrace-…`
 * (`MILLRACE_SERVICE_HOST`, `MILLRACE_SERVER_PORT=tcp://10.0.0.7:80`). They are nobody's configuration.
 */
export function isServiceLink(name: string, value: string): boolean {
  if (/^MILLRACE(_.+)?_SERVICE_(HOST|PORT(_.+)?)$/.test(name)) return true;
  if (/^MILLRACE(_.+)?_PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)$/.test(name)) return true;
  return /^MILLRACE(_.+)?_PORT(_\d+_(TCP|UDP|SCTP))?$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value);
}
