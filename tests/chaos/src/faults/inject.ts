import { setTimeout as delay } from "node:timers/promises";

import type { Fleet } from "../testing/fleet/start-fleet.ts";
import { terminateBackends } from "../testing/terminate-backends.ts";
import type { Fault } from "./plan-faults.ts";

/** Makes one fault happen, and what it broke whole again; resolves then. */
export async function inject(fleet: Fleet, fault: Fault): Promise<void> {
  switch (fault.kind) {
    case "kill": {
      const member = at(fleet[fault.role], fault.target);
      await member.kill();
      await delay(fault.downMs);
      await member.start();
      return;
    }
    case "freeze": {
      const member = at(fleet[fault.role], fault.target);
      member.signal("SIGSTOP");
      await delay(fault.forMs);
      member.signal("SIGCONT");
      return;
    }
    case "terminateBackends":
      return terminateBackends(fleet.databaseUrl, fault);
    case "restartPostgres":
      await fleet.postgres.restart(fault);
      return;
    case "reset": {
      const wire = at(fleet.wires, fault.target);
      for (let count = 0; count < fault.times; count++) {
        wire.reset();
        await delay(100);
      }
      return;
    }
    case "blackHole":
    case "delay":
    case "slice": {
      const wire = at(fleet.wires, fault.target);
      if (fault.kind === "blackHole") wire.blackHole();
      else if (fault.kind === "delay") wire.delay(fault.delayMs);
      else wire.slice(fault.sliceBytes);
      await delay(fault.forMs);
      wire.heal();
      // What a black hole has swallowed is lost: those connections would wait for their deadlines.
      if (fault.kind === "blackHole") wire.reset();
      return;
    }
    default:
      return fault satisfies never;
  }
}

function at<Item>(items: readonly Item[], target: number): Item {
  const item = items[target % items.length];
  if (item === undefined) throw new Error("The fleet has none of these");
  return item;
}
