import type { Json } from "@millrace/contract";

/** What a created job is like, as far as the model tells jobs apart. */
export interface JobSpec {
  readonly tenantId: string;
  readonly queue: string;
  readonly type: string;
  readonly priority: number;
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly retryDelayMs: number;
  readonly payload: number;
  readonly key: string | null;
  readonly hash: string;
  readonly concurrencyKey: string | null;
}

export interface JobAddress {
  readonly tenantId: string;
  readonly id: string;
}

export interface Claim {
  readonly kind: "claim";
  readonly worker: string;
  readonly limit: number;
  readonly leaseMs: number;
  readonly tenantId: string | null;
  readonly queues: readonly string[] | null;
  readonly types: readonly string[] | null;
}

export interface Complete {
  readonly kind: "complete";
  readonly tokens: readonly string[];
  readonly result: number;
}

/** One call of a JobStore with its arguments. */
export type Operation =
  | { readonly kind: "create"; readonly spec: JobSpec }
  | { readonly kind: "createMany"; readonly specs: readonly JobSpec[] }
  | Claim
  | Complete
  | { readonly kind: "completeAndClaim"; readonly complete: Complete; readonly claim: Claim }
  | { readonly kind: "heartbeat"; readonly tokens: readonly string[]; readonly leaseMs: number }
  | {
      readonly kind: "fail";
      readonly tokens: readonly string[];
      readonly message: string;
      readonly retryable: boolean;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: "snooze"; readonly tokens: readonly string[]; readonly delayMs: number }
  | { readonly kind: "release"; readonly tokens: readonly string[] }
  | { readonly kind: "progress"; readonly tokens: readonly string[]; readonly progress: number }
  | { readonly kind: "cancel" | "retry" | "delete"; readonly ref: JobAddress }
  | {
      readonly kind: "update";
      readonly ref: JobAddress;
      readonly priority: number | null;
      readonly delayMs: number | null;
      readonly maxAttempts: number | null;
      readonly payload: number | null;
    }
  | { readonly kind: "rescue" | "promote" | "fold" };

/** What a store answered. A refusal is an error with its code. */
export type Answer =
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "done" }
  | { readonly kind: "created"; readonly jobs: readonly { readonly id: string; readonly duplicate: boolean }[] }
  | { readonly kind: "claimed"; readonly jobs: readonly ClaimAnswer[] }
  | { readonly kind: "both"; readonly written: Answer; readonly claimed: Answer }
  | { readonly kind: "beaten"; readonly items: readonly { readonly ok: boolean; readonly cancelRequested: boolean }[] }
  | { readonly kind: "written"; readonly items: readonly { readonly ok: boolean; readonly status: string | null }[] }
  | { readonly kind: "rescued"; readonly retried: number; readonly dead: number }
  | { readonly kind: "promoted"; readonly count: number; readonly nextDueInMs: number | null };

export interface ClaimAnswer {
  readonly id: string;
  readonly token: string;
  readonly status: string;
  readonly attempts: number;
  readonly fence: number;
  readonly lockedBy: string | null;
  readonly payload: Json;
}

/** A call and its answer. */
export interface Exchange {
  readonly operation: Operation;
  readonly answer: Answer;
}

/** A completion together with a claim is one after the other: at once where that can be, and that is not promised. */
export function partsOf({ operation, answer }: Exchange): readonly Exchange[] {
  if (operation.kind !== "completeAndClaim" || answer.kind !== "both") return [{ operation, answer }];
  return [
    { operation: operation.complete, answer: answer.written },
    { operation: operation.claim, answer: answer.claimed },
  ];
}
