import { afterAll, beforeAll, expect, it } from "vitest";

import { newJob } from "../testing/job-store/fixture.ts";
import { after, type FlowRig, openFlowRig, queue, tenantId } from "./dependencies.test.support.ts";
import { dependentsMax } from "./place-dependents.ts";

let rig: FlowRig;
beforeAll(async () => {
  rig = await openFlowRig();
});
afterAll(() => rig.close());

it("a job that very many wait for takes no more of them, by any way, so that it can end within a statement", async () => {
  const parent = await rig.create();
  await rig.db.query({
    name: "test.dependents",
    text: `insert into millrace.job_dependencies (job_id, depends_on, tenant_id) select gen_random_uuid(), '${parent.id}', '${tenantId}' from generate_series(1, ${dependentsMax - 1})`,
  });
  const two = [newJob({ queue, ...after(parent) }), newJob({ queue, ...after(parent) })];
  await expect(rig.store.createJobs(two)).rejects.toMatchObject({
    code: "VALIDATION_FAILED",
    errors: [{ path: "jobs.1.dependsOn.0", code: "too_many" }],
  });
  await rig.create(after(parent));
  await expect(rig.create(after(parent))).rejects.toMatchObject({
    errors: [{ path: "dependsOn.0", code: "too_many" }],
  });
  const text = `select millrace.enqueue('t', tenant => '${tenantId}', queue => '${queue}', depends_on => array['${parent.id}']::uuid[])`;
  await expect(rig.db.query({ name: "test.enqueue", text })).rejects.toMatchObject({ cause: { code: "53400" } });
});
