import { z } from "zod";

/** What an API key may do. `*` is everything. */
export const scopes = [
  "jobs:read",
  "jobs:write",
  "jobs:work",
  "queues:admin",
  "tables:admin",
  "events:write",
  "query:read",
  "ops:admin",
  "keys:admin",
  "*",
] as const;

export type Scope = (typeof scopes)[number];

export const scopeSchema = z.enum(scopes);

/** True when `granted` covers `needed`. */
export function hasScope(granted: readonly Scope[], needed: Scope): boolean {
  return granted.includes("*") || granted.includes(needed);
}
