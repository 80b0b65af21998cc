import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { isTerminal, jobStatuses, terminalStatuses, transitions } from "./state.ts";

const page = readFileSync(new URL("../../../../docs/concepts/jobs.md", import.meta.url), "utf8");

describe("the state machine of a job", () => {
  it("is drawn in docs/concepts/jobs.md exactly as it is written", () => {
    const drawn = [...page.matchAll(/^ {2}(\w+) --> (\w+): (\w+)$/gm)].map(
      ([, from, to, event]) => `${from} ${event} ${to}`,
    );
    const written = Object.entries(transitions).flatMap(([from, events]) =>
      Object.entries(events).map(([event, to]) => `${from} ${event} ${to}`),
    );
    expect(drawn.toSorted()).toEqual(written.toSorted());
  });

  it("explains every event", () => {
    const explained = [...page.matchAll(/^\| (\w+) +\| \w/gm)].map(([, event]) => event);
    const events = new Set(Object.values(transitions).flatMap((from) => Object.keys(from)));
    for (const event of events) expect(explained).toContain(event);
  });

  it("lets every state be reached from pending and leaves none without a way on", () => {
    const reached = new Set<string>(["pending"]);
    for (const from of reached) {
      for (const to of Object.values(transitions[from as keyof typeof transitions])) reached.add(to);
    }
    expect([...reached].toSorted()).toEqual([...jobStatuses].toSorted());
    for (const status of jobStatuses) expect(Object.keys(transitions[status]).length).toBeGreaterThan(0);
  });

  it("calls a state terminal when nothing but a retry leads out of it", () => {
    for (const status of jobStatuses) {
      expect(isTerminal(status)).toBe(Object.keys(transitions[status]).join() === "retry");
    }
    expect(terminalStatuses.every(isTerminal)).toBe(true);
  });
});
