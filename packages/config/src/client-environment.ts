import { clientVariables } from "./env-names.ts";
import { type Environment, given } from "./environment.ts";

/** How a program reaches an API, as far as the environment says. */
export interface ClientEnvironment {
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
}

/** Reads the variables of programs that use an API: no process that serves has a use for them. */
export function readClientEnvironment(env: Environment = process.env): ClientEnvironment {
  return { url: given(env, clientVariables.url), apiKey: given(env, clientVariables.apiKey) };
}
