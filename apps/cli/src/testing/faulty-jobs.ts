import { queueNameSchema } from "@millrace/contract";
import { defineJob } from "@millrace/core";

/** Leaves a rejected promise behind that nobody waits for. */
export const float = defineJob({
  type: "test.float",
  input: queueNameSchema,
  handler() {
    void Promise.reject(new Error("left floating"));
    return "done";
  },
});

/** Throws when it is over, where nobody can catch it. */
export const throwLate = defineJob({
  type: "test.throw-late",
  input: queueNameSchema,
  handler() {
    setTimeout(() => {
      throw new Error("thrown late");
    }, 0);
    return "done";
  },
});
