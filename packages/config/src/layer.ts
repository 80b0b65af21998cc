/** The layers that a value can come from, lowest precedence first. */
export type LayerName = "default" | "profile" | "fallback" | "file" | "environment" | "override";

/** Where a value came from. */
export interface Source {
  readonly layer: LayerName;
  /** What to look at to change it: `millrace.yaml:3:9`, `MILLRACE_SERVER_PORT`, `--port`, `profile prod`, `default`. */
  readonly label: string;
}

/** A value that some layer gives for a key, not validated yet. */
export interface Candidate {
  readonly value: unknown;
  readonly source: Source;
  /** Refused in production whatever its value, such as the embedded database. */
  readonly developmentOnly?: boolean;
  /** Under a name that other programs read too: it counts only where nothing of ours says otherwise. */
  readonly platform?: boolean;
}

/** What one layer gives, by dotted key. */
export type Layer = ReadonlyMap<string, Candidate>;
