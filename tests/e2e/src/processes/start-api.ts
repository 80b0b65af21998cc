import { type ClientOptions, type MillraceClient, createClient } from "@millrace/client";

import { patientEnv } from "./patient.ts";
import { type ProcessHost, type RunningProcess, startProcess } from "./start-process.ts";

/** The tenants of static keys: the key of `alpha` is `alpha-key`. */
export const tenants = ["alpha", "beta", "gamma"] as const;

export interface ApiProcess extends RunningProcess {
  readonly url: string;
  client(options?: Partial<ClientOptions>): MillraceClient;
}

export interface ApiProcessOptions {
  readonly databaseUrl: string;
  readonly name?: string;
  /** Static keys of `tenants`, or only those of the database; default static. */
  readonly keys?: "static" | "postgres";
  readonly env?: Readonly<Record<string, string>>;
}

const staticKeys = {
  MILLRACE_AUTH_MODE: "static",
  MILLRACE_AUTH_STATIC_KEYS: tenants.map((tenant) => `${tenant}-key:${tenant}`).join(","),
};

/** Starts an API on a free port and waits until it listens. */
export async function startApi(stage: ProcessHost, options: ApiProcessOptions): Promise<ApiProcess> {
  const api = stage.keep(
    startProcess({
      name: options.name ?? "api",
      program: "apps/api/src/main.ts",
      cwd: stage.folder,
      env: {
        MILLRACE_PROFILE: "test",
        MILLRACE_LOGGING_LEVEL: "info",
        MILLRACE_SERVER_PORT: "0",
        DATABASE_URL: options.databaseUrl,
        ...patientEnv,
        ...(options.keys === "postgres" ? {} : staticKeys),
        ...options.env,
      },
    }),
  );
  const { url } = await api.line(({ msg }) => msg === "Listening");
  const baseUrl = String(url);
  return {
    ...api,
    url: baseUrl,
    client: (clientOptions) => createClient({ baseUrl, apiKey: "alpha-key", ...clientOptions }),
  };
}
