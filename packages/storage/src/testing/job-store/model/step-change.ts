import { isTerminal } from "@millrace/contract";

import type { Answer, Operation } from "./operation.ts";
import { type ModelJob, type ModelState, moved, placed, withJob } from "./state.ts";
import { keyOf } from "./step-create.ts";
import type { StepContext } from "./step.ts";

type Change = Extract<Operation, { readonly kind: "cancel" | "retry" | "delete" | "update" }>;

/** Changes by anybody but the owner: done where the job's state allows it, else refused without effect. */
export function stepChange(
  state: ModelState,
  change: Change,
  answer: Answer,
  { alone }: StepContext,
): readonly ModelState[] {
  const job = state.jobs.get(change.ref.id);
  const isKnown = job !== undefined && job.tenantId === change.ref.tenantId;
  const next = isKnown ? changed(state, job, change) : undefined;
  if (answer.kind === "done") return next === undefined ? [] : [next];
  if (answer.kind !== "refused") return [];
  if (answer.code === "JOB_NOT_FOUND") return isKnown ? [] : [state];
  if (answer.code === "INVALID_STATE") return isKnown && next === undefined ? [state] : [];
  // A job that others change again and again is left alone in the end.
  return answer.code === "UNAVAILABLE" && !alone ? [state] : [];
}

function changed(state: ModelState, job: ModelJob, change: Change): ModelState | undefined {
  const { nowMs } = state;
  switch (change.kind) {
    case "cancel": {
      const cancelled = moved(job, "cancel");
      return cancelled && withJob(state, cancelled);
    }
    case "retry": {
      const revived = moved(job, "retry");
      if (revived === undefined) return undefined;
      const maxAttempts = Math.max(job.maxAttempts, job.attempts + 1);
      return withJob(state, placed({ ...revived, maxAttempts, progress: null }, nowMs, nowMs));
    }
    case "delete": {
      if (job.status !== "pending" && !isTerminal(job.status)) return undefined;
      const jobs = new Map(state.jobs);
      jobs.delete(job.id);
      const keys = new Map(state.keys);
      if (job.key !== null && keys.get(keyOf(job))?.jobId === job.id) keys.delete(keyOf(job));
      return { ...state, jobs, keys };
    }
    case "update": {
      const { priority, delayMs, maxAttempts, payload } = change;
      if (job.status !== "pending" || (maxAttempts !== null && maxAttempts <= job.attempts)) return undefined;
      const updated = {
        ...job,
        priority: priority ?? job.priority,
        maxAttempts: maxAttempts ?? job.maxAttempts,
        payload: payload ?? job.payload,
      };
      return withJob(state, placed(updated, delayMs === null ? job.dueAtMs : nowMs + delayMs, nowMs));
    }
    default:
      return change satisfies never;
  }
}
