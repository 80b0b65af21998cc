import { existsSync, readdirSync, readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { folder, outputs } from "./outputs.ts";
import { alerts } from "./rules.ts";

test.each([...outputs()])("deploy/observability/%s is what the code makes of it", (path, text) => {
  expect(readFileSync(new URL(path, folder), "utf8")).toBe(text);
});

test("no dashboard is left over", () => {
  const made = [...outputs().keys()].filter((path) => path.startsWith("dashboards/"));
  expect(
    readdirSync(new URL("dashboards/", folder))
      .map((name) => `dashboards/${name}`)
      .toSorted(),
  ).toEqual(made.toSorted());
});

const runbooks = new URL("../../../docs/operations/runbooks/", import.meta.url);

test.each(alerts.map(({ name, runbook }) => [name, runbook] as const))(
  "%s has a runbook that says what it means, where to look and what to do",
  (_, runbook) => {
    const file = new URL(`${runbook}.md`, runbooks);
    expect(existsSync(file)).toBe(true);
    const headings = [...readFileSync(file, "utf8").matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(["Meaning", "Look", "Do"]);
  },
);

test("no runbook is without its alert, and no two alerts have the same name", () => {
  const named = [...new Set(alerts.map(({ runbook }) => `${runbook}.md`))];
  expect(readdirSync(runbooks).toSorted()).toEqual(named.toSorted());
  expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
});
