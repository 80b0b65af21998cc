import type { Exchange } from "./operation.ts";
import type { ModelState } from "./state.ts";
import { stepChange } from "./step-change.ts";
import { stepClaim } from "./step-claim.ts";
import { stepCreate } from "./step-create.ts";
import { stepHeartbeat, stepOwner } from "./step-owner.ts";
import { stepPromote, stepRescue } from "./step-upkeep.ts";

/** Whether an exchange had the store to itself. Among others it may pass over what they hold, and read a state after its own write. */
export interface StepContext {
  readonly alone: boolean;
}

/**
 * The states that a store may be in after this exchange: none if the answer is one that it must not give, several where the
 * answer leaves open what was done. This is the specification; `JobStore` is the contract in words.
 */
export function step(state: ModelState, exchange: Exchange, context: StepContext): readonly ModelState[] {
  const { operation, answer } = exchange;
  switch (operation.kind) {
    case "create":
      return stepCreate(state, [operation.spec], answer, context);
    case "createMany":
      return stepCreate(state, operation.specs, answer, context);
    case "claim":
      return stepClaim(state, operation, answer, context);
    case "completeAndClaim":
      // Looked at part by part; a refusal of both is none of the answers allowed.
      return [];
    case "heartbeat":
      return stepHeartbeat(state, operation, answer, context);
    case "complete":
    case "fail":
    case "snooze":
    case "release":
    case "progress":
      return stepOwner(state, operation, answer, context);
    case "cancel":
    case "retry":
    case "delete":
    case "update":
      return stepChange(state, operation, answer, context);
    case "rescue":
      return stepRescue(state, answer, context);
    case "promote":
      return stepPromote(state, answer, context);
    case "fold":
      return answer.kind === "done" ? [state] : [];
    default:
      return operation satisfies never;
  }
}
