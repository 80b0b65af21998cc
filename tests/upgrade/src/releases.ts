/** A release that users may come from. */
export interface Release {
  /** A commit or a tag of this repository. */
  readonly ref: string;
  /** Its newest migration. */
  readonly schemaVersion: number;
}

/**
 * Where upgrades are tried from. While no version is published, states of the repository that were complete stand for releases;
 * from then on, the tags of those that upgrades are promised from.
 */
export const releases = {
  /** Jobs alone, with the one migration after it that needs a stop. */
  first: { ref: "0f31d79459b84d0f913e7c22e732311220c19c0c", schemaVersion: 2 },
  /** The last before events. From here on no migration stops a process of the release before. */
  beforeEvents: { ref: "f7a8ca763c87fa3ec7b3bae6f792e299aa8cc88c", schemaVersion: 5 },
} as const satisfies Readonly<Record<string, Release>>;
