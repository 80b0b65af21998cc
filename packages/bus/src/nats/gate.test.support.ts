import type { NatsBusOptions, NatsBusPoint } from "./options.ts";

/** Holds whoever comes to a point for the first time, until it is let go. */
export interface Gate {
  readonly changes: Pick<NatsBusOptions, "atPoint">;
  /** Resolves when somebody is held. */
  readonly reached: Promise<void>;
  letGo(): void;
}

/** Makes a gate at a point; whoever comes later passes. */
export function gateAt(point: NatsBusPoint): Gate {
  const reached = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  let isUsed = false;
  return {
    changes: {
      async atPoint(at) {
        if (at !== point || isUsed) return;
        isUsed = true;
        reached.resolve();
        await free.promise;
      },
    },
    reached: reached.promise,
    letGo: () => free.resolve(),
  };
}
