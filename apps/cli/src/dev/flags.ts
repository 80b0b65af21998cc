/** The flags of `millrace dev`; undefined where one wasn't given. */
export interface DevFlags {
  readonly port: string | undefined;
  readonly dataDir: string | undefined;
  readonly apiKey: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly worker: boolean;
  readonly reset: boolean;
}
