export interface PlacesOptions {
  /** Places of a tenant that makes room. */
  readonly placesMax: number;
  /** Whether the tenant is to make room for another at the moment. */
  readonly makesRoom: (tenantId: string) => boolean;
}

/** Places for requests from before they are parsed until they are published. */
export interface Places {
  /** Resolves when the request may go on; what it resolves with gives the place back, and may be called more than once. */
  take(tenantId: string): Promise<() => void>;
}

interface Line {
  taken: number;
  readonly waiting: (() => void)[];
}

/**
 * Makes the places. Whoever makes room has a few of them, and so there is always something of it to publish; its other requests wait as the bytes that they came as. Parsed, they
 * would be thousands of young objects that live on, which the garbage collector copies while everybody waits. All others have as many places as they like.
 */
export function createPlaces({ placesMax, makesRoom }: PlacesOptions): Places {
  const lines = new Map<string, Line>();

  function give(tenantId: string, line: Line): void {
    line.taken--;
    // Whoever waits does so for a place that is taken, so there is always one to be given back, upon which it is looked at again.
    while (line.waiting.length > 0 && (line.taken < placesMax || !makesRoom(tenantId))) {
      line.taken++;
      line.waiting.shift()?.();
    }
    if (line.taken === 0) lines.delete(tenantId);
  }

  return {
    async take(tenantId) {
      let line = lines.get(tenantId);
      if (line === undefined) {
        line = { taken: 0, waiting: [] };
        lines.set(tenantId, line);
      }
      const own = line;
      if (own.waiting.length === 0 && (own.taken < placesMax || !makesRoom(tenantId))) own.taken++;
      else await new Promise<void>((resolve) => own.waiting.push(resolve));
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        give(tenantId, own);
      };
    },
  };
}
