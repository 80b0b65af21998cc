export interface PlacesOptions {
  /** What a tenant that makes room may have parsed: so many requests of any size, or as many as have so many bytes together. */
  readonly requestsMax: number;
  readonly bytesMax: number;
  /** Whether the tenant is to make room for another at the moment. */
  readonly makesRoom: (tenantId: string) => boolean;
}

/** Places for requests from before they are parsed until they are published. */
export interface Places {
  /** Resolves when a request whose body has so many bytes may go on; what it resolves with gives the place back, and may be called more than once. */
  take(tenantId: string, bytes: number): Promise<() => void>;
}

/** What a request takes besides its body: small ones cost the loop more than their bytes do. */
const requestBytes = 2_048;

interface Line {
  requests: number;
  bytes: number;
  readonly waiting: { readonly bytes: number; readonly goOn: () => void }[];
}

/**
 * Makes the places. Whoever makes room has a few of them, and so there is always something of it to publish; its other requests wait as the bytes that they came as. Parsed, they
 * would be thousands of young objects that live on, which the garbage collector copies while everybody waits. All others have as many places as they like.
 */
export function createPlaces({ requestsMax, bytesMax, makesRoom }: PlacesOptions): Places {
  const lines = new Map<string, Line>();

  function hasPlace(tenantId: string, { requests, bytes }: Line, own: number): boolean {
    return requests < requestsMax || bytes + own <= bytesMax || !makesRoom(tenantId);
  }

  function sit(line: Line, bytes: number): void {
    line.requests++;
    line.bytes += bytes;
  }

  function rise(tenantId: string, line: Line, own: number): void {
    line.requests--;
    line.bytes -= own;
    // Whoever waits does so for a place that is taken, so there is always one to be given back, upon which it is looked at again.
    for (let [next] = line.waiting; next !== undefined && hasPlace(tenantId, line, next.bytes); [next] = line.waiting) {
      line.waiting.shift();
      sit(line, next.bytes);
      next.goOn();
    }
    if (line.requests === 0) lines.delete(tenantId);
  }

  return {
    async take(tenantId, bodyBytes) {
      const bytes = bodyBytes + requestBytes;
      let line = lines.get(tenantId);
      if (line === undefined) {
        line = { requests: 0, bytes: 0, waiting: [] };
        lines.set(tenantId, line);
      }
      const own = line;
      if (own.waiting.length === 0 && hasPlace(tenantId, own, bytes)) sit(own, bytes);
      else await new Promise<void>((goOn) => own.waiting.push({ bytes, goOn }));
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        rise(tenantId, own, bytes);
      };
    },
  };
}
